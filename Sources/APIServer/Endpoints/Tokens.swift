// POST /tokenize, /detokenize and /apply-template: everything that a prompt is on its way to the
// engine, so that anybody can recount what was counted.

import Hummingbird
import JSON
import Tokenizer

enum Tokens {
  /// Text, or a conversation, to token ids.
  static let tokenize = Route(
    method: .post, path: "/v1/tokenize", aliases: ["/tokenize"], asksModel: true
  ) { exchange, _ in
    let backend = exchange.backend
    return try await exchange.withModel { fields, model in
      let tokens = try tokens(&fields, model, backend)
      var answer: JSONObject = [
        "count": .integer(Int64(tokens.count)),
        "max_model_len": .integer(Int64(model.engine.contextLength)),
      ]
      let withPieces = try fields.bool("with_pieces") ?? false
      answer["tokens"] = .array(
        tokens.map { withPieces ? piece($0, model) : .integer(Int64($0)) })
      try fields.end()
      return .json(.object(answer))
    }
  }

  /// Token ids to text.
  static let detokenize = Route(
    method: .post, path: "/v1/detokenize", aliases: ["/detokenize"], asksModel: true
  ) { exchange, _ in
    try await exchange.withModel { fields, model in
      guard let elements = try fields.elements("tokens", atMost: .max) else {
        throw fields.missing("tokens")
      }
      let tokens = try fields.tokens("tokens", elements)
      guard tokens.allSatisfy({ $0 < model.engine.facts.vocabularyCount }) else {
        throw APIError.tokenOutOfRange("tokens")
      }
      try fields.end()
      // By llama-server's name and by vLLM's.
      let text = JSONValue.string(model.engine.decode(tokens))
      return .json(["content": text, "prompt": text])
    }
  }

  /// A conversation to the text that the model reads.
  static let applyTemplate = Route(
    method: .post, path: "/v1/apply-template", aliases: ["/apply-template"], asksModel: true
  ) { exchange, _ in
    let backend = exchange.backend
    return try await exchange.withModel { fields, model in
      let conversation = try ConversationFields(&fields, limits: backend.configuration.limits)
      try fields.end()
      return .json(["prompt": .string(try model.promptText(conversation))])
    }
  }

  /// The tokens of `content` (or `prompt`), or of `messages`.
  private static func tokens(
    _ fields: inout RequestFields, _ model: BackendModel, _ backend: Backend
  ) throws -> [TokenID] {
    if fields.value("messages") != nil {
      return try model.prompt(
        ConversationFields(&fields, limits: backend.configuration.limits))
    }
    // llama-server's `content` has no special tokens unless `add_special` is on, vLLM's `prompt` has
    // them unless `add_special_tokens` is off.
    let content = try fields.string("content")
    guard let text = try content ?? fields.string("prompt") else { throw fields.missing("content") }
    let addsSpecial =
      try fields.bool("add_special") ?? fields.bool("add_special_tokens") ?? (content == nil)
    let parsesSpecial = try fields.bool("parse_special") ?? true
    return model.engine.encode(text, parsingSpecial: parsesSpecial, addingSpecial: addsSpecial)
  }

  /// A token with what it stands for: text, or bytes where they are none.
  private static func piece(_ token: TokenID, _ model: BackendModel) -> JSONValue {
    let bytes = model.engine.bytes(of: token)
    let text = String(validating: bytes, as: UTF8.self)
    return [
      "id": .integer(Int64(token)),
      "piece": text.map { .string($0) } ?? .array(bytes.map { .integer(Int64($0)) }),
    ]
  }
}

extension Exchange {
  /// Makes an answer of the body's fields and the model that they name; the only one where they
  /// name none.
  fileprivate func withModel(
    _ make: @escaping @Sendable (inout RequestFields, BackendModel) throws -> Response
  ) async throws -> Response {
    try await withJSONBody { [self] body throws in
      var fields = try RequestFields(body: body, isStrict: backend.configuration.isStrict)
      if let name = try fields.string("model") {
        return (fields, try self.model(named: name), false)
      }
      guard backend.models.count == 1 else { throw fields.missing("model") }
      return (fields, try asked(backend.models[0]), false)
    } make: { [self] fields, model in
      try takeCount(of: model.recordID)
      var fields = fields
      return try make(&fields, model)
    }.made
  }
}
