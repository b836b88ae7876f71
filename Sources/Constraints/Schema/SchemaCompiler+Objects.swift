// Objects of a branch: the properties that are named come in order, then others.

import JSON

extension SchemaCompiler {
  /// Named properties of an object whose members are counted, at most.
  private static let mostCountedProperties = 128
  /// Patterns of names that an object's keywords may have.
  private static let mostPatterns = 6

  /// Parts of the grammar that a property with a name takes, at least.
  private static let leastMemberParts = 5

  /// A member that has its place in the order.
  private struct Member {
    /// Name, colon and value.
    let term: Term
    let isRequired: Bool
  }

  mutating func objectTerm(_ branch: SchemaBranch) throws(ConstraintError) -> Term {
    var branch = branch
    guard Self.hasFewPatterns(branch) else {
      try refuse(
        branch.patternProperties.first?.place ?? KeywordPlace(node: 0, keyword: ""),
        "more than \(Self.mostPatterns) patterns of names for one object", .tooComplex)
      return .never
    }
    for name in branch.required.list {
      if branch.forbidden.contains(name) { return .never }
      branch.addName(name)
    }
    // Refused before the memory for its members is taken.
    guard branch.names.count <= limits.termCount / Self.leastMemberParts else {
      throw store.tooManyParts(limits.termCount)
    }
    let most = branch.maxProperties ?? Int(unbounded)
    guard max(branch.required.count, branch.minProperties) <= most else { return .never }
    let allowed = try allowedNames(branch)
    var members: [Member] = []
    for name in branch.names where !branch.forbidden.contains(name) {
      let isRequired = branch.required.contains(name)
      if let allowed, !allowed.accepts(JSONValue.string(name).utf8()) {
        if isRequired { return .never }
        continue
      }
      let literals = try literals(for: name, in: branch)
      members.append(
        Member(
          term: try store.sequence([
            store.text(JSONValue.string(name).utf8() + [UInt8(ascii: ":")]), spaceAfterColon(),
            rule(for: literals),
          ]),
          isRequired: isRequired))
    }
    let other = try otherMember(branch, allowed)
    let inside = try self.members(members, other, branch, most)
    let space = try space()
    let isEmptyAllowed = branch.required.isEmpty && branch.minProperties == 0
    var body = try store.sequence([space, inside, space])
    if isEmptyAllowed { body = try store.optional(body) }
    return try store.sequence([store.text("{"), body, store.text("}")])
  }

  // MARK: Names

  /// What the value of the property `name` must satisfy.
  mutating func literals(
    for name: String, in branch: SchemaBranch
  ) throws(ConstraintError) -> [SchemaLiteral] {
    var result = branch.properties[name] ?? []
    try budget.take(
      conditions: branch.additional.reduce(1 + branch.patternProperties.count) {
        $0 + 1 + $1.patterns.count
      })
    let spelled = Spelling.json.bytes(of: name)
    for entry in branch.patternProperties
    where try pattern(entry.pattern, entry.place).accepts(spelled) {
      result.append(entry.literal)
    }
    for entry in branch.additional where !entry.names.contains(name) {
      var isSeen = false
      for source in entry.patterns where try pattern(source, nil).accepts(spelled) { isSeen = true }
      if !isSeen { result.append(entry.literal) }
    }
    return result
  }

  private static func patterns(of branch: SchemaBranch) -> Set<String> {
    Set(branch.patternProperties.map(\.pattern) + branch.additional.flatMap(\.patterns))
  }

  static func hasFewPatterns(_ branch: SchemaBranch) -> Bool {
    patterns(of: branch).count <= mostPatterns
  }

  private mutating func pattern(
    _ source: String, _ place: KeywordPlace?
  ) throws(ConstraintError) -> Automaton {
    let none = Automaton(classes: ByteClasses([]), next: [], accepting: [])
    return try at(place ?? KeywordPlace(node: 0, keyword: "patternProperties"), or: none) {
      compiler throws(ConstraintError) in
      try compiler.automaton(ofPattern: source)
    }
  }

  /// The names that propertyNames allows, with quotes; nil where it says nothing.
  private mutating func allowedNames(
    _ branch: SchemaBranch
  ) throws(ConstraintError) -> Automaton? {
    if branch.propertyNames.isEmpty { return nil }
    let (root, store) = try aside { compiler throws(ConstraintError) in
      var options: [Term] = []
      for var part in try compiler.branches(of: branch.propertyNames) {
        part.types.formIntersection(.string)
        if !part.isImpossible { options.append(try compiler.term(of: part)) }
      }
      return try compiler.store.either(options)
    }
    return try Automaton(limits, of: store, root: root)
  }

  /// A member whose name is not in the order; `never` where there is none.
  ///
  /// - Parameter allowed: names that propertyNames allows; nil where it says nothing.
  private mutating func otherMember(
    _ branch: SchemaBranch, _ allowed: Automaton?
  ) throws(ConstraintError) -> Term {
    // The parts that patterns cut the other names into, with the schemas of each.
    let patterns = Self.patterns(of: branch).sorted()
    let known = branch.names + branch.forbidden
    let isPlain = known.isEmpty && patterns.isEmpty && branch.propertyNames.isEmpty
    if isPlain {
      let quote = try store.text("\"")
      let name = try store.sequence([quote, store.times(character(), 0, unbounded), quote])
      return try member(name, branch.additional.map(\.literal))
    }
    var all = try CommonAutomata.strings()
    let listed = try Automaton(choices: known.map { JSONValue.string($0).utf8() }, limits)
    all = try all.subtracting(listed, limits)
    if let allowed { all = try all.intersection(allowed, limits) }
    var options: [Term] = []
    for set in 0..<1 << patterns.count {
      var names = all
      var matched: Set<String> = []
      for (index, source) in patterns.enumerated() {
        let place = branch.patternProperties.first { $0.pattern == source }?.place
        let automaton = try quoted(pattern(source, place))
        if set >> index & 1 == 1 {
          matched.insert(source)
          names = try names.intersection(automaton, limits)
        } else {
          names = try names.subtracting(automaton, limits)
        }
      }
      if names.stateCount == 0 { continue }
      let literals =
        branch.patternProperties.filter { matched.contains($0.pattern) }.map(\.literal)
        + branch.additional.filter { $0.patterns.allSatisfy { !matched.contains($0) } }
        .map(\.literal)
      options.append(try member(store.automaton(names), literals))
    }
    return try store.either(options)
  }

  private mutating func member(
    _ name: Term, _ literals: [SchemaLiteral]
  ) throws(ConstraintError) -> Term {
    // Nothing is made for members that cannot be: it is what most schemas say of other names.
    if literals.contains(where: { document.nodes[$0.node].value == .bool(!$0.isPositive) }) {
      return .never
    }
    return try store.sequence([name, store.text(":"), spaceAfterColon(), rule(for: literals)])
  }

  private func quoted(_ automaton: Automaton) throws(ConstraintError) -> Automaton {
    try Automaton(limits) { store throws(ConstraintError) in
      let quote = try store.text("\"")
      return try store.sequence([quote, store.automaton(automaton), quote])
    }
  }

  // MARK: Members in order

  /// One member or more.
  private mutating func members(
    _ members: [Member], _ other: Term, _ branch: SchemaBranch, _ most: Int
  ) throws(ConstraintError) -> Term {
    let comma = try store.then(store.text(","), space())
    let required = branch.required.count
    let isCounted =
      branch.minProperties > max(1, required)
      || most < members.count || other != .never && most < Int(unbounded)
    if isCounted { return try countedMembers(members, other, branch, most, comma) }
    // Of what follows from a member on: after another one, and as the first.
    var after = try store.times(store.then(comma, other), 0, unbounded)
    var first = try store.then(other, after)
    for member in members.reversed() {
      let whole = try store.then(member.term, after)
      first = member.isRequired ? whole : try store.either([whole, first])
      let following = try store.then(comma, member.term)
      after = try store.then(member.isRequired ? following : store.optional(following), after)
    }
    return first
  }

  private mutating func countedMembers(
    _ members: [Member], _ other: Term, _ branch: SchemaBranch, _ most: Int, _ comma: Term
  ) throws(ConstraintError) -> Term {
    let place = branch.minPropertiesPlace ?? KeywordPlace(node: 0, keyword: "")
    // A name that comes twice counts once, so of names that are not listed only one is relied on.
    if other != .never, branch.minProperties > branch.required.count + 1 {
      try refuse(
        place, "more properties are asked for than are required and one: list their names")
      return .never
    }
    guard members.count <= Self.mostCountedProperties else {
      try refuse(
        place, "more than \(Self.mostCountedProperties) properties would have to be counted",
        .tooComplex)
      return .never
    }
    let highest = min(most, members.count)
    // By count of members written what may follow, from the last member on.
    var rests: [Term] = []
    for count in 0...highest {
      let least = max(0, branch.minProperties - count)
      let room = most == Int(unbounded) ? unbounded : Int32(most - count)
      let one = count == 0 ? other : try store.then(comma, other)
      let more =
        room <= 0
        ? Term.never
        : try store.then(
          one, store.times(store.then(comma, other), 0, room == unbounded ? room : room - 1))
      if least == 0 {
        rests.append(count == 0 ? more : try store.optional(more))
      } else {
        rests.append(least == 1 ? more : .never)
      }
    }
    for (index, member) in members.enumerated().reversed() {
      for count in 0...min(index, highest) {
        let taken =
          count + 1 <= highest
          ? try store.sequence([count == 0 ? .empty : comma, member.term, rests[count + 1]])
          : Term.never
        rests[count] = member.isRequired ? taken : try store.either([taken, rests[count]])
      }
    }
    return rests[0]
  }
}

extension Automaton {
  /// The automaton of a term without recursion.
  init(
    _ limits: ConstraintLimits, of store: TermStore, root: Term
  ) throws(ConstraintError) {
    try self.init(Matcher(store, root: root, mayBeImpossible: true), limits)
  }
}
