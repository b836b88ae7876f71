// A compiled constraint: what an answer must look like, byte by byte.

public import JSON

/// What a text must be: a grammar, a regular expression, one of some texts, or JSON that satisfies a
/// schema. Immutable, and shared by any number of answers.
public struct Constraint: Sendable {
  /// Reads texts from their beginning.
  package private(set) var matcher: Matcher
  /// Texts after the first of which the constraint begins; empty: it holds from the beginning.
  package private(set) var triggers: [[UInt8]] = []
  /// What compiling its schemas took of what those of one source may take, 0 to 1.
  package var schemaEffort = 0.0
  /// Shared by copies.
  package private(set) var attachment = ConstraintAttachment()

  init(
    _ store: consuming TermStore, root: Term
  ) throws(ConstraintError) {
    var matcher = try Matcher(store, root: root)
    try matcher.explore()
    self.matcher = matcher
  }

  /// A grammar in llama.cpp's notation (GBNF); its rule `root` is what texts must be.
  public static func grammar(
    _ text: String, limits: ConstraintLimits = .init()
  ) throws(ConstraintError) -> Constraint {
    try check(text, limits)
    let (store, root) = try GrammarParser.parse(text, limits)
    return try Constraint(store, root: root)
  }

  /// A regular expression of ECMA-262 that matches from beginning to end; `^` and `$` may be left
  /// out.
  public static func expression(
    _ pattern: String, limits: ConstraintLimits = .init()
  ) throws(ConstraintError) -> Constraint {
    try check(pattern, limits)
    let expression = try ExpressionParser.parse(pattern)
    var store = TermStore(limits)
    let root = try expression.term(.plain, isSearch: false, in: &store)
    return try Constraint(store, root: root)
  }

  /// One of `texts`.
  public static func choice(
    _ texts: [String], limits: ConstraintLimits = .init()
  ) throws(ConstraintError) -> Constraint {
    let bytes = texts.reduce(0) { $0 + $1.utf8.count }
    guard bytes <= limits.sourceBytes else { throw tooLarge(bytes, limits) }
    let automaton = try Automaton(choices: texts.map { Array($0.utf8) }, limits)
    var store = TermStore(limits)
    let root = try store.automaton(automaton)
    return try Constraint(store, root: root)
  }

  /// JSON that satisfies a JSON Schema, draft 2020-12; `items` with a list, `additionalItems` and
  /// `dependencies` are taken as drafts before it have them.
  ///
  /// Every keyword is enforced, or the schema is refused with the keyword's JSON pointer, but for
  /// what the options leave out; a `format` that is not known is an annotation. Answers
  /// are narrower than the schema in three ways: properties come in the order of the schema, numbers
  /// and strings have one spelling, and white space is bounded.
  public static func schema(
    _ schema: JSONValue, options: SchemaOptions = .init(), limits: ConstraintLimits = .init()
  ) throws(ConstraintError) -> Constraint {
    var compiler = try SchemaCompiler(schema, options, limits)
    let root = try compiler.compileRoot()
    return try Constraint(compiler.store, root: root)
  }

  /// As for a value; the schema is written in JSON.
  public static func schema(
    _ text: String, options: SchemaOptions = .init(), limits: ConstraintLimits = .init()
  ) throws(ConstraintError) -> Constraint {
    try schema(parse(text, limits), options: options, limits: limits)
  }

  /// A JSON Schema as a value, under the limits for constraints.
  package static func parse(
    _ text: String, _ limits: ConstraintLimits
  ) throws(ConstraintError) -> JSONValue {
    try check(text, limits)
    do {
      return try JSONValue.parse(
        text, limits: JSONLimits(byteCount: limits.sourceBytes, valueCount: 200_000, depth: 128))
    } catch {
      throw ConstraintError(.syntax, "the schema is no JSON: \(error)")
    }
  }

  /// The same constraint, from the first occurrence of one of `triggers` on: what comes before is
  /// free, and an answer without any of them is free to its end.
  public func after(_ triggers: [String]) -> Constraint {
    var result = self
    result.attachment = ConstraintAttachment()
    result.triggers = triggers.filter { !$0.isEmpty }.map { Array($0.utf8) }
    return result
  }

  /// What is left of the constraint where a text begins with `text`; triggers stay.
  ///
  /// - Throws: `impossible` where none may begin with it.
  public func remaining(after text: String) throws(ConstraintError) -> Constraint {
    var result = self
    result.attachment = ConstraintAttachment()
    var term = matcher.start
    for byte in text.utf8 { term = try result.matcher.advance(term, byte) }
    guard term != .never else {
      throw ConstraintError(.impossible, "no text under the constraint begins as this one does")
    }
    result.matcher.begin(at: term)
    return result
  }

  /// Bytes of memory for it and what is known of it, about.
  package var byteCount: Int { matcher.byteCount + attachment.byteCount }

  /// Whether `text`, from beginning to end, satisfies the constraint; triggers are not looked for.
  public func accepts(_ text: String) throws(ConstraintError) -> Bool {
    var matcher = matcher
    var term = matcher.start
    for byte in text.utf8 {
      term = try matcher.advance(term, byte)
      if term == .never { return false }
    }
    return matcher.isComplete(term)
  }

  /// Bytes of the shortest text that satisfies it.
  public var shortestByteCount: Int { matcher.distance(matcher.start) }

  private static func check(
    _ text: String, _ limits: ConstraintLimits
  ) throws(ConstraintError) {
    let bytes = text.utf8.count
    guard bytes <= limits.sourceBytes else { throw tooLarge(bytes, limits) }
  }

  private static func tooLarge(_ bytes: Int, _ limits: ConstraintLimits) -> ConstraintError {
    ConstraintError(
      .tooLarge, "the constraint has \(bytes) bytes; at most \(limits.sourceBytes) are accepted")
  }
}
