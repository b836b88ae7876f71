// Why a constraint cannot be used, and how large one may be.

import JSON

/// What is wrong with a grammar, an expression or a schema. The message is one line and names the
/// place; it repeats no text of the constraint but names of rules, keywords and formats.
public struct ConstraintError: Error, Equatable, Sendable, CustomStringConvertible {
  public enum Code: String, Sendable {
    /// It is not written as its notation asks.
    case syntax
    /// It asks for something that cannot be enforced.
    case unsupported
    /// A rule begins with itself.
    case leftRecursion
    /// A rule or a definition is used that does not exist.
    case undefined
    /// Its text is larger than the limits allow.
    case tooLarge
    /// It needs more states or steps than the limits allow.
    case tooComplex
    /// No text satisfies it.
    case impossible
  }

  public let code: Code
  /// Where: a JSON pointer in a schema, a line in a grammar, an offset in an expression.
  public let place: String
  public let message: String
  /// What compiling schemas took until then, of what those of one source may take: 0 to 1, or a
  /// little more.
  package var schemaEffort = 0.0

  package init(_ code: Code, at place: String = "", _ message: String) {
    self.code = code
    self.place = place
    self.message = message
  }

  /// One line, without control characters: names of keywords are those of the schema.
  public var description: String { (place.isEmpty ? message : "\(place): \(message)").shown }
}

/// How large a constraint may be and become. Whatever is over a limit is an error, found before
/// the memory for it is taken.
public struct ConstraintLimits: Sendable {
  /// Bytes of its text.
  public var sourceBytes = 1 << 20
  /// Parts of the grammar that it is compiled to.
  public var termCount = 200_000
  /// States times classes of bytes of one automaton: patterns, formats and bounds of numbers become
  /// automata.
  public var automatonCells = 500_000
  /// Steps to find the shortest answers.
  public var work = 1_000_000
  /// Ways in which one text may be read at the same time.
  public var width = 2_000
  /// Parts and states that a constraint in use may grow to.
  public var runningTermCount = 600_000
  /// Steps of reading that a constraint in use may know, counted in bytes that are told apart.
  public var runningSteps = 8_000_000
  /// Nesting of groups and rules that a text may open without a byte of its own.
  public var depth = 256
  /// Bytes of the shortest answer.
  public var shortestBytes = 1 << 20

  public init() {}
}
