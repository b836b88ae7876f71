// What the Responses API answers with: one response, or the numbered events that build it.

import JSON
import Metering
import Transformer

/// The shape of `response` and of its events.
struct ResponsesAnswer: AnswerFormat {
  private let identity: AnswerIdentity
  private let echo: JSONObject
  /// What was told so far, for the events that repeat it.
  private var told: [ResponsesItem] = []
  private var isItemOpen = false
  private var sequence = 0

  init(_ identity: AnswerIdentity, echo: JSONObject) {
    self.identity = identity
    self.echo = echo
  }

  func body(of choices: [AnswerContent], end: AnswerEnd) -> [UInt8] {
    let choice = choices[0]
    var items: [ResponsesItem] = []
    if !choice.reasoning.isEmpty {
      items.append(ResponsesItem(.reasoning, choice.reasoning, number: items.count, identity))
    }
    if !choice.text.isEmpty {
      var item = ResponsesItem(.message, choice.text, number: items.count, identity)
      item.scores = choice.scores
      items.append(item)
    }
    for call in choice.calls {
      items.append(
        ResponsesItem(
          .call(id: call.id, name: call.name), call.arguments, number: items.count, identity))
    }
    return response(items, end).utf8()
  }

  mutating func open(_ bytes: inout [UInt8]) {
    let response = response("in_progress", [], nil)
    event("response.created", ["response": response], &bytes)
    event("response.in_progress", ["response": response], &bytes)
  }

  mutating func add(_ piece: AnswerPiece, choice: Int, _ bytes: inout [UInt8]) {
    switch piece {
    case .text(let text, let scores):
      begin(.message, &bytes)
      told[told.count - 1].scores += scores
      delta(
        "response.output_text.delta", text, ["content_index": 0, "logprobs": scores.json], &bytes)
    case .reasoning(let text):
      begin(.reasoning, &bytes)
      delta("response.reasoning_text.delta", text, ["content_index": 0], &bytes)
    case .call(let id, let name):
      endItem(.completed, &bytes)
      begin(.call(id: id, name: name), &bytes)
    case .arguments(let text):
      delta("response.function_call_arguments.delta", text, [:], &bytes)
    }
  }

  mutating func close(_ end: AnswerEnd, _ bytes: inout [UInt8]) {
    let status = status(end)
    endItem(status, &bytes)
    event("response.\(status.rawValue)", ["response": response(told, end)], &bytes)
  }

  mutating func fail(_ error: APIError, _ bytes: inout [UInt8]) {
    // Clients that put the response together take nothing before its beginning.
    if sequence == 0 { open(&bytes) }
    var response = response("failed", told.map { $0.json(.inProgress) }, nil).objectValue ?? [:]
    response["error"] = ["code": .string(error.code), "message": .string(error.message)]
    event("response.failed", ["response": .object(response)], &bytes)
  }

  private func status(_ end: AnswerEnd) -> ResponsesItem.Status {
    end.finishes[0] == .length ? .incomplete : .completed
  }

  /// A response that has ended. Its last item ended as it did, and all others are whole.
  private func response(_ items: [ResponsesItem], _ end: AnswerEnd) -> JSONValue {
    let status = status(end)
    var output = items.dropLast().map { $0.json(.completed) }
    if let last = items.last { output.append(last.json(status)) }
    return response(status.rawValue, output, end)
  }

  private func response(_ status: String, _ output: [JSONValue], _ end: AnswerEnd?) -> JSONValue {
    var response: JSONObject = [
      "id": .string("resp_\(identity.requestID)"), "object": "response",
      "created_at": .integer(identity.created), "status": .string(status), "background": false,
      "error": .null,
      "incomplete_details": status == "incomplete" ? ["reason": "max_output_tokens"] : .null,
      "model": .string(identity.model), "output": .array(output), "previous_response_id": .null,
      "service_tier": "default", "store": false, "truncation": "disabled",
      "usage": end?.usage.responsesJSON ?? .null, "user": .null,
    ]
    for (key, value) in echo { response[key] = value }
    return .object(response)
  }

  private mutating func begin(_ kind: ResponsesItem.Kind, _ bytes: inout [UInt8]) {
    if isItemOpen, told[told.count - 1].kind == kind { return }
    endItem(.completed, &bytes)
    let item = ResponsesItem(kind, "", number: told.count, identity)
    told.append(item)
    isItemOpen = true
    event(
      "response.output_item.added",
      ["output_index": .integer(Int64(item.number)), "item": item.json(.inProgress)], &bytes)
    if item.kind == .message {
      event(
        "response.content_part.added", item.place.adding(["content_index": 0, "part": item.part]),
        &bytes)
    }
  }

  private mutating func delta(
    _ name: String, _ text: String, _ members: JSONObject, _ bytes: inout [UInt8]
  ) {
    told[told.count - 1].text += text
    event(
      name, told[told.count - 1].place.adding(members).adding(["delta": .string(text)]), &bytes)
  }

  private mutating func endItem(_ status: ResponsesItem.Status, _ bytes: inout [UInt8]) {
    guard isItemOpen else { return }
    isItemOpen = false
    let item = told[told.count - 1]
    let text = JSONValue.string(item.text)
    switch item.kind {
    case .message:
      event(
        "response.output_text.done",
        item.place.adding(["content_index": 0, "text": text, "logprobs": item.scores.json]),
        &bytes)
      event(
        "response.content_part.done", item.place.adding(["content_index": 0, "part": item.part]),
        &bytes)
    case .reasoning:
      event(
        "response.reasoning_text.done", item.place.adding(["content_index": 0, "text": text]),
        &bytes)
    case .call(_, let name):
      event(
        "response.function_call_arguments.done",
        item.place.adding(["arguments": text, "name": .string(name)]), &bytes)
    }
    event(
      "response.output_item.done",
      ["output_index": .integer(Int64(item.number)), "item": item.json(status)], &bytes)
  }

  private mutating func event(_ name: String, _ members: JSONObject, _ bytes: inout [UInt8]) {
    bytes += "event: \(name)\ndata: ".utf8
    let head: JSONObject = [
      "type": .string(name), "sequence_number": .integer(Int64(sequence)),
    ]
    sequence += 1
    bytes += JSONValue.object(head.adding(members)).utf8()
    bytes += "\n\n".utf8
  }
}

/// One item of a response's output.
struct ResponsesItem: Sendable {
  enum Kind: Sendable, Equatable {
    case reasoning
    case message
    case call(id: String, name: String)
  }

  /// How far an item is, in the API's words.
  enum Status: String, Sendable {
    case inProgress = "in_progress"
    case completed
    /// The answer's tokens were used up within it.
    case incomplete
  }

  let kind: Kind
  /// The text, or the arguments of a call.
  var text: String
  /// The tokens of a message, where they were asked for.
  var scores: [ScoredToken] = []
  /// Its place in the output.
  let number: Int
  private let id: String

  init(_ kind: Kind, _ text: String, number: Int, _ identity: AnswerIdentity) {
    self.kind = kind
    self.text = text
    self.number = number
    let prefix =
      switch kind {
      case .reasoning: "rs"
      case .message: "msg"
      case .call: "fc"
      }
    id = "\(prefix)_\(identity.requestID)_\(number)"
  }

  /// Where an event about the item belongs.
  var place: JSONObject {
    ["item_id": .string(id), "output_index": .integer(Int64(number))]
  }

  /// The content of a message.
  var part: JSONValue {
    ["type": "output_text", "text": .string(text), "annotations": [], "logprobs": scores.json]
  }

  func json(_ status: Status) -> JSONValue {
    var item: JSONObject = ["id": .string(id), "status": .string(status.rawValue)]
    switch kind {
    case .reasoning:
      item["type"] = "reasoning"
      item["summary"] = []
      item["content"] = text.isEmpty ? [] : [["type": "reasoning_text", "text": .string(text)]]
    case .message:
      item["type"] = "message"
      item["role"] = "assistant"
      item["content"] = status == .inProgress ? [] : [part]
    case .call(let id, let name):
      item["type"] = "function_call"
      item["call_id"] = .string(id)
      item["name"] = .string(name)
      item["arguments"] = .string(text)
    }
    return .object(item)
  }
}

extension TokenUsage {
  /// The `usage` object in the shape of the Responses API.
  fileprivate var responsesJSON: JSONValue {
    [
      "input_tokens": .integer(promptTokens),
      // Nothing is charged for what is kept.
      "input_tokens_details": [
        "cached_tokens": .integer(cachedPromptTokens), "cache_write_tokens": 0,
      ],
      "output_tokens": .integer(completionTokens),
      "output_tokens_details": ["reasoning_tokens": .integer(reasoningTokens)],
      "total_tokens": .integer(promptTokens + completionTokens),
    ]
  }
}

extension JSONObject {
  fileprivate func adding(_ other: JSONObject) -> JSONObject {
    var all = self
    for (key, value) in other { all[key] = value }
    return all
  }
}
