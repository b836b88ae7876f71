// How a model is loaded.

/// How keys and values are kept.
public enum KeyValueFormat: String, Sendable, CaseIterable {
  case F16, F32
  /// Bytes with a scale for each 32: 17 bytes where F16 has 32.
  case Q8_0
}

/// Choices made when a model is loaded. Nothing here is read from the environment.
public struct ModelOptions: Sendable {
  /// Tokens of a conversation; nil takes the model's own, at most 8,192. Memory for keys and
  /// values is taken as it is used.
  public var contextLength: Int?
  /// Threads that compute; nil takes what the control group and the affinity mask allow.
  public var threadCount: Int?
  /// A chat template (Jinja) in place of the file's own.
  public var chatTemplate: String?
  /// How text is split into words, by a name of `TextTokenizer.preTokenizerNames`, in place of what
  /// the file says; for files that name none, or one that is not known.
  public var preTokenizer: String?
  /// The reference mode: dequantised weights, float32 products and a float32 cache. Slow.
  public var exact = false
  /// How keys and values are kept; `exact` takes F32.
  public var keyValueFormat = KeyValueFormat.F16

  public init() {}
}
