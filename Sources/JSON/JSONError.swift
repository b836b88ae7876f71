// What is wrong with a document that is not JSON, and where; and how much of one we accept.

/// Why a document was refused. The message names what was expected and what kind of thing was
/// found, never the document's text.
public struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
  public enum Code: String, Sendable {
    case unexpectedByte, unexpectedEnd, trailingBytes
    case controlCharacter, invalidEscape, loneSurrogate, invalidUTF8
    case invalidNumber, numberOutOfRange
    case tooManyBytes, tooManyValues, tooDeep
  }

  public let code: Code
  /// From 1.
  public let line: Int
  /// From 1, counted in Unicode scalars.
  public let column: Int
  /// Bytes before the fault.
  public let offset: Int
  public let message: String

  public var description: String { "JSON, line \(line), column \(column): \(message)" }
}

/// How large a document may be. Whatever is over a limit is an error, found before the memory
/// for it is taken.
public struct JSONLimits: Sendable {
  /// No limit on nesting may be greater: a value is freed, compared and written by recursion.
  public static let greatestDepth = 512

  /// The document's length, by default 64 MiB.
  public var byteCount: Int
  /// Scalars and containers together, by default 4 million; one takes 24 bytes at least.
  public var valueCount: Int
  /// Containers inside one another; `[]` has depth 1. At most `greatestDepth`.
  public let depth: Int

  public init(byteCount: Int = 64 << 20, valueCount: Int = 4_000_000, depth: Int = 64) {
    self.byteCount = byteCount
    self.valueCount = valueCount
    self.depth = min(depth, Self.greatestDepth)
  }
}
