// Constraints put together from parts: marks and white space around JSON, one way or another.

public import JSON

/// A part of a constraint.
public indirect enum ConstraintPart: Sendable {
  /// This text.
  case text(String)
  /// At most so many spaces and ends of lines.
  case space(most: Int)
  /// Anything up to the first occurrence of a text that is not empty, and that text.
  case until(String)
  /// Anything in which a text that is not empty does not occur, also nothing.
  case without(String)
  /// Anything whose beginning, behind white space, is none of some texts; they are not empty and do not
  /// begin with white space. Nothing, and what ends within one of them, is among it.
  case unlike([String])
  /// JSON that satisfies a schema, as `Constraint.schema` has it.
  case schema(JSONValue)
  /// JSON that satisfies a schema as far as it can be enforced: with
  /// `SchemaOptions.leavesOutUnenforceable`, whatever the options of the whole say of it.
  case loosened(JSONValue)
  /// What a regular expression matches from beginning to end, as `Constraint.expression` has it.
  case expression(String)
  /// What a grammar says, as `Constraint.grammar` has it.
  case grammar(String)
  /// One after the other.
  case sequence([ConstraintPart])
  /// One of them.
  case either([ConstraintPart])
  /// The part at least once, and with `separator` before each further time.
  case list(ConstraintPart, separator: ConstraintPart)
}

extension Constraint {
  /// What is put together from parts.
  ///
  /// - Parameter options: how its schemas are taken. References of a schema stay within it.
  /// - Throws: where a part cannot be enforced, or all schemas together ask for too much.
  public static func parts(
    _ part: ConstraintPart, options: SchemaOptions = .init(), limits: ConstraintLimits = .init()
  ) throws(ConstraintError) -> Constraint {
    var store = TermStore(limits)
    var budget = SchemaBudget()
    do {
      let root = try store.term(of: part, options, limits, &budget)
      var constraint = try Constraint(store, root: root)
      constraint.schemaEffort = budget.taken
      return constraint
    } catch {
      var error = error
      error.schemaEffort = budget.taken
      throw error
    }
  }
}

extension TermStore {
  fileprivate mutating func term(
    of part: ConstraintPart, _ options: SchemaOptions, _ limits: ConstraintLimits,
    _ budget: inout SchemaBudget
  ) throws(ConstraintError) -> Term {
    switch part {
    case .text(let text): return try self.text(text)
    case .space(let most):
      let one = try set(ByteSet([UInt8(ascii: " "), UInt8(ascii: "\n")]))
      return try times(one, 0, Int32(clamping: max(0, most)))
    case .until(let text): return try automaton(Automaton(upTo: Array(text.utf8), limits))
    case .without(let text):
      return try automaton(Automaton(upTo: Array(text.utf8), isLeftOut: true, limits))
    case .unlike(let texts):
      return try automaton(Automaton(unlike: texts.map { Array($0.utf8) }, limits))
    case .schema(let schema): return try self.schema(schema, options, limits, &budget)
    case .loosened(let schema):
      var options = options
      options.leavesOutUnenforceable = true
      return try self.schema(schema, options, limits, &budget)
    case .expression(let pattern):
      let expression = try ExpressionParser.parse(pattern)
      return try expression.term(.plain, isSearch: false, in: &self)
    case .grammar(let text):
      guard text.utf8.count <= limits.sourceBytes else {
        throw ConstraintError(
          .tooLarge,
          "the grammar has \(text.utf8.count) bytes; at most \(limits.sourceBytes) are accepted")
      }
      return try GrammarParser.parse(text, into: &self)
    case .sequence(let parts):
      var terms: [Term] = []
      for part in parts { terms.append(try term(of: part, options, limits, &budget)) }
      return try sequence(terms)
    case .either(let parts):
      var terms: [Term] = []
      for part in parts { terms.append(try term(of: part, options, limits, &budget)) }
      return try either(terms)
    case .list(let part, let separator):
      let first = try term(of: part, options, limits, &budget)
      let more = try then(term(of: separator, options, limits, &budget), first)
      return try then(first, times(more, 0, unbounded))
    }
  }

  /// JSON of a schema, whose compiler borrows this store.
  private mutating func schema(
    _ schema: JSONValue, _ options: SchemaOptions, _ limits: ConstraintLimits,
    _ budget: inout SchemaBudget
  ) throws(ConstraintError) -> Term {
    var compiler = try SchemaCompiler(schema, options, limits)
    compiler.budget = budget
    defer { budget = compiler.budget }
    swap(&compiler.store, &self)
    defer { swap(&compiler.store, &self) }
    return try compiler.compileRoot()
  }
}
