// From a JSON Schema to a grammar.
//
// A set of schemas that a value must all satisfy is taken apart into branches (SchemaBranch), one of
// which must hold: references, allOf, anyOf, oneOf, not and if are gone then (+Keywords, +Negation).
// Each type of a branch becomes a term: scalars by automata (+Scalars), arrays and objects by rules
// (+Arrays, +Objects), with a rule for the values of each set of schemas.

import JSON

struct SchemaCompiler {
  var document: SchemaDocument
  let options: SchemaOptions
  let limits: ConstraintLimits
  var store: TermStore
  /// In place of errors, where a schema is only looked at: what would be refused.
  var refusals: [KeywordPlace: ConstraintError]?
  /// Keywords that made a difference.
  private(set) var enforced: Set<KeywordPlace> = []
  var rules: [[SchemaLiteral]: Term] = [:]
  var pending: [(literals: [SchemaLiteral], rule: Term)] = []
  var budget = SchemaBudget()
  /// What schemas see to, by their unevaluated… keyword.
  var evaluated: [KeywordPlace: Evaluated] = [:]
  /// By schema the names of its `properties`, where they were asked for.
  var listedNames: [Int: Set<String>] = [:]
  var shared = SharedTerms()
  var patternAutomata: [String: Automaton] = [:]
  /// Whether schemas exclude each other, by those that were asked about.
  var disjoint: [[SchemaLiteral]: Bool] = [:]
  var disjointDepth = 0
  /// What was not told apart within the present question, and how deep in it: asked less deep it may be.
  var provisional: [[SchemaLiteral]: Int] = [:]
  /// By the schema of a `oneOf`, for each of its alternatives those that a value may satisfy too.
  var knownCompanions: [Int: [[Int]]] = [:]
  var tags: [Int: SchemaTags] = [:]
  var tagNumbers: [[UInt8]: Int] = [:]
  var asideDepth = 0

  /// Branches of one set of schemas.
  static let mostBranches = 128
  /// Questions within questions whether schemas exclude each other.
  static let mostDisjointDepth = 3

  init(
    _ schema: JSONValue, _ options: SchemaOptions, _ limits: ConstraintLimits
  ) throws(ConstraintError) {
    document = SchemaDocument(schema)
    self.options = options
    self.limits = limits
    store = TermStore(limits)
  }

  mutating func compileRoot() throws(ConstraintError) -> Term {
    if document.hasAmbiguousNames {
      try refuse(
        KeywordPlace(node: 0, keyword: ""),
        "names of properties differ only in how characters are composed, and would be confused")
    }
    try checkPlaces()
    let root = try rule(for: [SchemaLiteral(node: 0, isPositive: true)])
    try finish()
    return root
  }

  private func checkPlaces() throws(ConstraintError) {
    guard !document.isTooLong else {
      throw ConstraintError(
        .tooComplex, "names and URIs are too long for the many schemas below them")
    }
  }

  /// The rule for values that satisfy all of `literals`.
  mutating func rule(for literals: [SchemaLiteral]) throws(ConstraintError) -> Term {
    try budget.take(conditions: 2 * literals.count)
    let key = Set(literals).sorted()
    if let rule = rules[key] { return rule }
    let rule = try store.rule(named: key.first.map { document.nodes[$0.node].pointer } ?? "any")
    rules[key] = rule
    pending.append((key, rule))
    return rule
  }

  /// Defines the rules that were asked for. Not done where they are asked for, so that nesting needs
  /// no stack.
  mutating func finish() throws(ConstraintError) {
    while let (literals, rule) = pending.popLast() {
      var options: [Term] = []
      for branch in try branches(of: literals) { options.append(try term(of: branch)) }
      store.define(rule, as: try store.either(options))
    }
  }

  /// Notes that a keyword makes a difference, unless it is only asked whether it would.
  mutating func enforce(_ place: KeywordPlace) {
    if disjointDepth == 0 { enforced.insert(place) }
  }

  // MARK: Branches

  /// The ways to satisfy all of `literals`.
  mutating func branches(
    of literals: [SchemaLiteral]
  ) throws(ConstraintError) -> [SchemaBranch] {
    var result: [SchemaBranch] = []
    var open = [PartialBranch(pending: literals.reversed())]
    while var partial = open.popLast() {
      guard let literal = partial.pending.popLast() else {
        let branch = partial.branch
        if branch.isImpossible { continue }
        let values = branch.values?.count ?? 0
        try budget.take(conditions: result.count * (8 + values + branch.size) / 8)
        if !result.contains(branch) { result.append(branch) }
        continue
      }
      guard partial.applied.insert(literal).inserted else {
        open.append(partial)
        continue
      }
      if partial.applied.contains(literal.negated) { continue }
      try step(literal.node)
      // Handed over, not copied: a long chain adds to the same lists.
      let next = try apply(literal, to: consume partial)
      guard result.count + open.count + next.count <= Self.mostBranches else {
        throw tooManyBranches(literal.node)
      }
      open += next.reversed()
    }
    return result
  }

  func tooManyBranches(_ node: Int) -> ConstraintError {
    ConstraintError(
      .tooComplex, at: document.nodes[node].pointer,
      "its alternatives combine in more than \(Self.mostBranches) ways")
  }

  /// Counts steps that are taken at a schema.
  mutating func step(_ node: Int, _ count: Int = 1) throws(ConstraintError) {
    try checkPlaces()
    do {
      try budget.take(steps: count)
    } catch {
      throw ConstraintError(error.code, at: document.nodes[node].pointer, error.message)
    }
  }

  /// A branch in the making.
  struct PartialBranch {
    var branch = SchemaBranch()
    /// What it must satisfy besides; the last comes first.
    var pending: [SchemaLiteral]
    var applied: Set<SchemaLiteral> = []

    init(pending: [SchemaLiteral]) { self.pending = pending }

    /// What a copy costs, in conditions; numbers of schemas are copied faster than names.
    var size: Int { 1 + (pending.count + applied.count) / 16 + branch.size }

    /// Asks for more.
    mutating func add(_ literals: [SchemaLiteral]) { pending += literals.reversed() }

    /// The same with more to satisfy.
    func adding(_ literals: [SchemaLiteral]) -> PartialBranch {
      var result = self
      result.add(literals)
      return result
    }
  }

  private mutating func apply(
    _ literal: SchemaLiteral, to partial: consuming PartialBranch
  ) throws(ConstraintError) -> [PartialBranch] {
    switch document.nodes[literal.node].value {
    case .bool(let value): return value == literal.isPositive ? [partial] : []
    case .object(let members):
      return literal.isPositive
        ? try assert(members, of: literal.node, on: partial)
        : try deny(members, of: literal.node, on: partial)
    default:
      try refuse(
        KeywordPlace(node: literal.node, keyword: ""), "a schema is an object, true or false",
        .syntax)
      return [partial]
    }
  }

  // MARK: Values

  /// The texts of the values of a branch.
  mutating func term(of branch: SchemaBranch) throws(ConstraintError) -> Term {
    if let values = branch.values { return try term(of: values, in: branch) }
    var options: [Term] = []
    for (type, text) in [(ValueTypes.null, "null"), (.truth, "true"), (.falsehood, "false")]
    where branch.types.contains(type) { options.append(try store.text(text)) }
    if !branch.types.isDisjoint(with: .number) { options.append(try numberTerm(branch)) }
    if branch.types.contains(.string) { options.append(try stringTerm(branch)) }
    if !branch.types.isDisjoint(with: [.array, .object]) {
      for value in branch.excluded
      where !branch.types.isDisjoint(with: [.array, .object])
        && !branch.types.isDisjoint(with: ValueTypes.of(value).intersection([.array, .object]))
      {
        try refuse(
          KeywordPlace(node: 0, keyword: ""),
          "a list or an object is excluded by its value, which cannot be enforced")
      }
    }
    if branch.types.contains(.array) { options.append(try arrayTerm(branch)) }
    if branch.types.contains(.object) { options.append(try objectTerm(branch)) }
    return try store.either(options)
  }

  /// Those of `values` that satisfy the rest of the branch.
  private mutating func term(
    of values: [JSONValue], in branch: SchemaBranch
  ) throws(ConstraintError) -> Term {
    let kept = try satisfying(values, branch)
    return try store.automaton(Automaton(choices: kept, limits))
  }
}

/// Terms that many values have in common.
struct SharedTerms {
  /// A character inside of a string.
  var character: Term?
  var space: Term?
}

extension SchemaCompiler {
  /// White space beside brackets and after commas.
  mutating func space() throws(ConstraintError) -> Term {
    guard case .bounded(let indent) = options.whiteSpace else { return .empty }
    if let term = shared.space { return term }
    let spaces = try store.times(store.text(" "), 0, Int32(clamping: max(0, indent)))
    let line = try store.then(store.text("\n"), spaces)
    let term = try store.either([.empty, store.text(" "), line])
    shared.space = term
    return term
  }

  mutating func spaceAfterColon() throws(ConstraintError) -> Term {
    guard case .bounded = options.whiteSpace else { return .empty }
    return try store.optional(store.text(" "))
  }

  /// A character inside of a string.
  mutating func character() throws(ConstraintError) -> Term {
    if let term = shared.character { return term }
    let term = try store.automaton(CommonAutomata.character())
    shared.character = term
    return term
  }
}
