// Answers of a server elsewhere that speaks OpenAI's API, asked by the system's curl.

import Foundation
import JSON
import Synchronization
import Transformer

/// Answers with a server.
struct ServerAnswerer: Answerer {
  /// With the path up to `/v1`.
  let address: String
  let model: String
  private let key: String?
  private let sampling: SamplingOptions
  private let maxTokens: Int?

  /// A server and the model to talk with: the first that it serves where none is named.
  static func find(
    at url: String, model: String?, sampling: SamplingOptions, maxTokens: Int?
  ) async throws -> ServerAnswerer {
    var address = url
    while address.hasSuffix("/") { address.removeLast() }
    if !address.contains("://") { address = "http://" + address }
    if !address.hasSuffix("/v1") { address += "/v1" }
    let environment = ProcessInfo.processInfo.environment
    let key = environment["APUS_API_KEY"] ?? environment["OPENAI_API_KEY"]
    func answerer(_ model: String) -> ServerAnswerer {
      ServerAnswerer(
        address: address, model: model, key: key, sampling: sampling, maxTokens: maxTokens)
    }
    if let model { return answerer(model) }
    let list = try await answerer("").ask("/models", body: nil) { _ in }
    guard let first = list["data"]?[0]?["id"]?.stringValue else {
      throw failure("\(address) serves no model; name one")
    }
    return answerer(first)
  }

  private init(
    address: String, model: String, key: String?, sampling: SamplingOptions, maxTokens: Int?
  ) {
    self.address = address
    self.model = model
    self.key = key
    self.sampling = sampling
    self.maxTokens = maxTokens
  }

  func answer(
    _ messages: [ChatMessage], _ interrupts: Interrupts, say: @escaping @Sendable (String) -> Void
  ) async throws -> Reply {
    let process = Atomic<Int32>(0)
    let wasStopped = Atomic(false)
    let reply = Mutex(Reply())
    let start = ContinuousClock.now
    do {
      try await interrupts.during({
        wasStopped.store(true, ordering: .relaxed)
        let number = process.load(ordering: .relaxed)
        if number > 0 { kill(number, SIGTERM) }
      }) {
        _ = try await ask(
          "/chat/completions", body: body(messages),
          onStart: { process.store($0, ordering: .relaxed) }
        ) { event in
          let choice = event["choices"]?[0]
          if let text = choice?["delta"]?["content"]?.stringValue {
            reply.withLock { $0.text += text }
            say(text)
          }
          if choice?["finish_reason"] == "length" { reply.withLock { $0.isCutOff = true } }
          if let count = event["usage"]?["completion_tokens"]?.intValue {
            let rate = Double(count) / ((ContinuousClock.now - start) / .seconds(1))
            let prompt = event["usage"]?["prompt_tokens"]?.intValue ?? 0
            reply.withLock {
              $0.statistics =
                "\(prompt) tokens read, \(count) written (\(decimal(rate, 1)) t/s in all)"
            }
          }
        }
      }
    } catch  where wasStopped.load(ordering: .relaxed) {
      // The person has stopped the answer; what came of it stays.
    }
    return reply.withLock { $0 }
  }

  /// Only what the person has changed goes along, so that a server's own defaults hold.
  private func body(_ messages: [ChatMessage]) -> JSONValue {
    let usual = SamplingOptions()
    var body: JSONObject = [
      "model": .string(model), "stream": true, "stream_options": ["include_usage": true],
      "messages": .array(
        messages.map { ["role": .string($0.role), "content": .string($0.content)] }),
    ]
    if let maxTokens { body["max_tokens"] = .integer(Int64(maxTokens)) }
    if let seed = sampling.seed { body["seed"] = .integer(Int64(truncatingIfNeeded: seed)) }
    for (name, value, usual) in [
      ("temperature", sampling.temperature, usual.temperature),
      ("top_p", sampling.topP, usual.topP), ("min_p", sampling.minP, usual.minP),
      ("repeat_penalty", sampling.repeatPenalty, usual.repeatPenalty),
      ("presence_penalty", sampling.presencePenalty, usual.presencePenalty),
      ("frequency_penalty", sampling.frequencyPenalty, usual.frequencyPenalty),
    ] where value != usual {
      body[name] = .number(Double(value))
    }
    if sampling.topK != usual.topK { body["top_k"] = .integer(Int64(sampling.topK)) }
    return .object(body)
  }

  /// Sends a request and gives the JSON of its answer: the whole body, or each event of a stream.
  private func ask(
    _ path: String, body: JSONValue?, onStart: @escaping @Sendable (Int32) -> Void = { _ in },
    _ eachEvent: @escaping @Sendable (JSONValue) -> Void
  ) async throws -> JSONValue {
    // The key goes through standard input: arguments are for everybody on this machine to see.
    var lines = [
      "url = \(Self.quoted(address + path))", "silent", "show-error", "no-buffer",
      "header = \"Content-Type: application/json\"", "proto = \"=http,https\"",
    ]
    if let key { lines.append("header = \(Self.quoted("Authorization: Bearer " + key))") }
    if let body { lines.append("data-binary = \(Self.quoted(body.serialized()))") }
    let input = lines.joined(separator: "\n") + "\n"
    let (result, whole, problem) = try await onOwnThread {
      var whole = ""
      var problem: JSONValue?
      let result = try Subprocess.lines(
        of: "curl", ["--config", "-"], input: input, onStart: onStart
      ) { line in
        let line = line.hasSuffix("\r") ? String(line.dropLast()) : line
        guard line.hasPrefix("data:") else {
          if !line.hasPrefix(":") { whole += line }
          return
        }
        guard let event = try? JSONValue.parse(line.dropFirst("data:".count)) else { return }
        if let error = event["error"] { problem = error } else { eachEvent(event) }
      }
      return (result, whole, problem)
    }
    guard !result.isMissing else {
      throw Self.failure("this needs the program 'curl'; install the package curl")
    }
    guard result.status == 0 else {
      throw Self.failure("\(address) does not answer: \(result.lastError)")
    }
    let answer = (try? JSONValue.parse(whole)) ?? .null
    if let problem = problem ?? answer["error"] {
      if problem["code"] == "context_length_exceeded" {
        throw ConversationTooLong(
          explanation: "The conversation has outgrown the server's context: /reset begins anew.")
      }
      throw Self.failure(
        "\(address) refuses: \(problem["message"]?.stringValue ?? "it does not say why")")
    }
    return answer
  }

  private static func failure(_ text: String) -> CommandError {
    CommandError(.serverFailed, text)
  }

  /// A value in curl's file of settings.
  private static func quoted(_ text: String) -> String {
    "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
  }
}
