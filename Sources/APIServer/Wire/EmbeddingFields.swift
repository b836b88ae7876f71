// The body of an embedding request as the server uses it.

import JSON
import Tokenizer
import Transformer

/// `POST /v1/embeddings`, taken apart.
struct EmbeddingFields: AnswerRequest {
  /// A text, or tokens that the client has made itself.
  enum Input {
    case text(String)
    case tokens([TokenID])
  }

  let model: String
  /// Each with what it is called in the request.
  let inputs: [(name: String, input: Input)]
  /// Whether vectors are told as base64 of little-endian float32.
  let isBase64: Bool
  /// Values that are kept of each vector; nil for all.
  let dimensions: Int?
  /// nil takes what the model's file says.
  let pooling: Pooling?
  /// Whether vectors get the length 1.
  let isNormalised: Bool

  init(body: JSONValue, limits: Server.Limits, isStrict: Bool) throws(APIError) {
    var fields = try RequestFields(body: body, isStrict: isStrict)
    guard let model = try fields.string("model") else { throw fields.missing("model") }
    self.model = model
    inputs = try Self.inputs(&fields, atMost: limits.inputCount)
    isBase64 = try fields.choice("encoding_format", of: ["float", "base64"]) == "base64"
    dimensions = try fields.integer("dimensions", in: 1...Int(Int32.max))
    pooling = try fields.choice("pooling", of: Pooling.allCases.map(\.rawValue))
      .flatMap(Pooling.init)
    // llama-server's numbers: 2 is the Euclidean length, -1 leaves vectors as they are.
    let norm = try fields.integer("embd_normalize", in: -1...2) ?? 2
    guard norm == 2 || norm == -1 else {
      throw fields.invalid("embd_normalize", "unsupported_value", "must be 2 or -1")
    }
    isNormalised = norm == 2
    for name in ["user", "metadata"] { _ = fields.value(name) }
    try fields.end()
  }

  /// `input`, or `content` as llama-server has it.
  private static func inputs(
    _ fields: inout RequestFields, atMost limit: Int
  ) throws(APIError) -> [(name: String, input: Input)] {
    let content = fields.value("content")
    let name = fields.value("input") == nil && content != nil ? "content" : "input"
    guard let value = fields.value(name) else { throw fields.missing("input") }
    guard case .array(let elements) = value else {
      return [(name, try input(fields, name, value))]
    }
    guard let first = elements.first else {
      throw fields.invalid(name, "empty_array", "must have at least one text")
    }
    if case .integer = first { return [(name, try input(fields, name, value))] }
    guard elements.count <= limit else {
      throw fields.invalid(
        name, "array_above_max_length",
        "has \(elements.count) elements; at most \(limit) are accepted")
    }
    var inputs: [(name: String, input: Input)] = []
    for (index, element) in elements.enumerated() {
      let place = "\(name)[\(index)]"
      inputs.append((place, try input(fields, place, element)))
    }
    return inputs
  }

  private static func input(
    _ fields: RequestFields, _ name: String, _ value: JSONValue
  ) throws(APIError) -> Input {
    switch value {
    case .string(let text):
      guard !text.isEmpty else {
        throw fields.invalid(name, "empty_string", "must not be empty")
      }
      return .text(text)
    case .array(let tokens):
      guard !tokens.isEmpty else {
        throw fields.invalid(name, "empty_array", "must have at least one token")
      }
      return .tokens(try fields.tokens(name, tokens))
    default:
      throw fields.mistyped(name, "a string or an array of tokens", value)
    }
  }

  /// The tokens of every input, which fit into the context. Spellings of special tokens are text
  /// here.
  func tokens(_ model: BackendModel) throws(APIError) -> [[TokenID]] {
    if let dimensions, dimensions > model.engine.facts.embeddingLength {
      throw APIError.invalid(
        "dimensions", "integer_above_max_value",
        "'dimensions' must be at most \(model.engine.facts.embeddingLength), which is what this "
          + "model's vectors have.")
    }
    let contextLength = model.engine.contextLength
    var all: [[TokenID]] = []
    for (name, input) in inputs {
      let tokens = try tokens(of: input, name, model)
      guard tokens.count <= contextLength else {
        throw .inputTooLong(name, tokenCount: tokens.count, contextLength: contextLength)
      }
      all.append(tokens)
    }
    return all
  }

  private func tokens(
    of input: Input, _ name: String, _ model: BackendModel
  ) throws(APIError) -> [TokenID] {
    switch input {
    case .text(let text):
      return model.engine.encode(text, parsingSpecial: false, addingSpecial: true)
    case .tokens(let tokens):
      guard tokens.allSatisfy({ $0 < model.engine.facts.vocabularyCount }) else {
        throw .tokenOutOfRange(name)
      }
      return tokens
    }
  }
}

extension RequestFields {
  /// A string out of a list.
  mutating func choice(
    _ name: String, of values: [String]
  ) throws(APIError) -> String? {
    guard let value = try string(name) else { return nil }
    guard values.contains(value) else {
      throw invalid(
        name, "invalid_value",
        "must be \(values.map { "'\($0)'" }.joined(separator: " or "))")
    }
    return value
  }
}
