// What a schema's compiler may choose.

/// How a JSON Schema is taken.
public struct SchemaOptions: Sendable, Equatable {
  /// White space that answers may have besides that inside of strings.
  public enum WhiteSpace: Sendable, Equatable {
    /// None.
    case compact
    /// After a colon one space; beside brackets and after commas one space, or an end of line and
    /// at most so many spaces.
    case bounded(indent: Int)
  }

  public var whiteSpace: WhiteSpace = .bounded(indent: 24)
  /// Whether `format` is enforced. Otherwise it is an annotation, which is what the draft says where
  /// nothing else is agreed.
  public var assertsFormats = true

  /// Whether a keyword that cannot be enforced is left out, where the schema then allows more and
  /// nothing less. Otherwise, and everywhere else, the schema is refused.
  public var leavesOutUnenforceable = false

  /// Digits that numbers have at most, before the point and after it; nil for no bound.
  public var digitCount: Int?

  public init() {}
}
