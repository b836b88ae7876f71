// What a loaded model says of itself.

import TensorCore

/// Facts about a model, from its file.
public struct ModelInfo: Sendable {
  /// The model's own name, or its file's.
  public let name: String
  /// The file that was loaded, the first of several parts.
  public let path: String
  /// The family, as `general.architecture` spells it.
  public let architecture: String
  /// The family, the size and the commonest weight format, such as `llama 135M Q4_1`.
  public let description: String
  /// Weights of all tensors.
  public let parameterCount: Int
  /// Bytes of the file, or of all its parts.
  public let fileBytes: Int
  /// Bytes of all tensors as they are stored: the files without metadata and padding.
  public let tensorBytes: Int
  /// Layers that text is written with.
  public let layerCount: Int
  /// Values of a token's hidden state, and of a text's vector.
  public let embeddingLength: Int
  /// Tokens of the vocabulary.
  public let vocabularyCount: Int
  /// Tokens of context that the model was trained for.
  public let trainedContextLength: Int
  /// How many weights are kept in each format.
  public let formats: [String: Int]
  /// What the file says of its license; nil where it says nothing.
  public let license: String?
  /// Whether it turns texts into vectors (`Engine.embed`) and writes none.
  public let isEncoder: Bool
  /// How the file says that the hidden states of a text become one vector; the mean where it says
  /// nothing.
  public let pooling: Pooling
  /// What the file recommends for sampling, by the names that requests have for it (`temperature`,
  /// `top_k`, …); empty where it recommends nothing.
  public let recommendedSampling: [String: Double]

  init(_ file: GGUFFile, _ hyperparameters: Hyperparameters) throws {
    path = file.path
    architecture = hyperparameters.architecture
    name =
      try file.metadata.string("general.name")
      ?? String(file.path.split(separator: "/").last ?? "model")
    license = try file.metadata.string("general.license")
    recommendedSampling = try Self.recommendedSampling(file.metadata)
    isEncoder = hyperparameters.isEncoder
    pooling = try hyperparameters.pooling()
    parameterCount = file.tensors.reduce(0) { $0 + $1.elementCount }
    fileBytes = file.files.reduce(0) { $0 + $1.byteCount }
    tensorBytes = file.tensors.reduce(0) { $0 + $1.byteCount }
    layerCount = hyperparameters.blockCount
    embeddingLength = hyperparameters.embeddingLength
    vocabularyCount = hyperparameters.vocabularyCount
    trainedContextLength = hyperparameters.contextLength
    var formats: [String: Int] = [:]
    // The commonest format among the matrices of the layers: what people call the file by.
    var layerFormats: [String: Int] = [:]
    for tensor in file.tensors {
      formats[tensor.format.name, default: 0] += tensor.elementCount
      if tensor.shape.count > 1, tensor.name.hasPrefix("blk.") {
        layerFormats[tensor.format.name, default: 0] += tensor.elementCount
      }
    }
    self.formats = formats
    let main = layerFormats.max { ($0.value, $0.key) < ($1.value, $1.key) }?.key ?? "F32"
    description = "\(architecture) \(Self.size(parameterCount)) \(main)"
  }

  /// llama.cpp's converter writes what a model's authors say under these keys.
  private static let samplingKeys = [
    ("temp", "temperature"), ("top_k", "top_k"), ("top_p", "top_p"), ("min_p", "min_p"),
    ("penalty_repeat", "repeat_penalty"), ("penalty_last_n", "repeat_last_n"),
    ("xtc_probability", "xtc_probability"), ("xtc_threshold", "xtc_threshold"),
    ("mirostat", "mirostat"), ("mirostat_tau", "mirostat_tau"), ("mirostat_eta", "mirostat_eta"),
  ]

  private static func recommendedSampling(_ metadata: GGUFMetadata) throws -> [String: Double] {
    var found: [String: Double] = [:]
    for (key, name) in samplingKeys {
      let value = try metadata.float("general.sampling." + key)
      // As it is written: 0.7 and not the nearest float's digits.
      if let value, value.isFinite { found[name] = Double("\(value)") }
    }
    return found
  }

  /// What the tokens of prompts are made by, in one form to be hashed, read from the file.
  ///
  /// - Parameter chatTemplate: what conversations are written by, the file's own or what takes its
  ///   place.
  package func tokenizerBytes(chatTemplate: String?) throws -> [UInt8] {
    let file = try GGUFFile(path: path)
    let own = try ChatTemplateSources(file.metadata).plain
    return file.tokenizerBytes(chatTemplate: chatTemplate == own ? nil : chatTemplate)
  }

  private static func size(_ count: Int) -> String {
    if count >= 1_000_000_000 {
      let tenths = (count + 50_000_000) / 100_000_000
      return "\(tenths / 10).\(tenths % 10)B"
    }
    return count >= 1_000_000 ? "\((count + 500_000) / 1_000_000)M" : "\(count / 1_000)K"
  }
}
