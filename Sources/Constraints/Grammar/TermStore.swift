// The parts of a grammar. Equal parts are one part, so that a number says what remains to be read.

/// A part of a grammar by its number; what a text may go on with is a term too.
package typealias Term = Int32

extension Term {
  /// Nothing satisfies it.
  package static let never: Term = 0
  /// The empty text, and nothing else.
  package static let empty: Term = 1
}

/// How often something repeats when nothing bounds it.
let unbounded = Int32.max

/// Terms, each stored once. A term never changes, and its parts have lower numbers than it has,
/// but for rules, which may refer to each other.
struct TermStore: Sendable {
  enum Kind: Int32 {
    case never, empty
    /// `texts[a..<b]`.
    case text
    /// One byte of `sets[a]`.
    case set
    /// `automata[a]` from state b on.
    case automaton
    /// a, then b; a is no `then`.
    case then
    /// a, which is no `either`, or b: a list in ascending order.
    case either
    /// a, from b times to c times.
    case times
    /// `rules[a]`.
    case rule
  }

  /// Kind, a, b, c.
  typealias Node = SIMD4<Int32>

  let limits: ConstraintLimits
  private(set) var nodes: [Node] = []
  private var numbers: [Node: Term] = [:]
  private(set) var texts: [UInt8] = []
  private var textPlaces: [[UInt8]: Term] = [:]
  private(set) var sets: [ByteSet] = []
  private(set) var automata: [Automaton] = []
  /// By automaton and state: its term, `never` where it was not asked for yet.
  private var stateTerms: [[Term]] = []
  /// What each rule stands for; nil until it is defined.
  private(set) var rules: [Term?] = []
  private(set) var ruleNames: [String] = []
  /// By term: whether the empty text satisfies it. Not final until `freeze`.
  private(set) var isNullable: [Bool] = []
  /// By term: bytes of the shortest text that satisfies it, `far` where there is none.
  private(set) var distance: [Int32] = []
  private(set) var isFrozen = false

  /// Bytes of a text that nobody waits for.
  static let far: Int32 = 1 << 28

  init(_ limits: ConstraintLimits) {
    self.limits = limits
    for kind in [Kind.never, .empty] {
      nodes.append(Node(kind.rawValue, 0, 0, 0))
      isNullable.append(kind == .empty)
      distance.append(kind == .empty ? 0 : Self.far)
    }
  }

  /// Bytes of memory for texts and automata, about.
  var staticBytes: Int { texts.count * 2 + automata.reduce(0) { $0 + $1.byteCount } }

  func kind(_ term: Term) -> Kind { Kind(rawValue: nodes[Int(term)].x) ?? .never }

  // MARK: Making terms

  mutating func text(_ bytes: [UInt8]) throws(ConstraintError) -> Term {
    if bytes.isEmpty { return .empty }
    if let place = textPlaces[bytes] { return place }
    let start = Int32(texts.count)
    texts += bytes
    let term = try text(start, start + Int32(bytes.count))
    textPlaces[bytes] = term
    return term
  }

  mutating func text(_ text: String) throws(ConstraintError) -> Term {
    try self.text(Array(text.utf8))
  }

  mutating func text(_ start: Int32, _ end: Int32) throws(ConstraintError) -> Term {
    start == end ? .empty : try intern(.text, start, end)
  }

  mutating func set(_ set: ByteSet) throws(ConstraintError) -> Term {
    if set.isEmpty { return .never }
    let number = sets.firstIndex(of: set) ?? sets.count
    if number == sets.count { sets.append(set) }
    return try intern(.set, Int32(number))
  }

  /// All of an automaton, which becomes part of the store.
  mutating func automaton(_ automaton: Automaton) throws(ConstraintError) -> Term {
    if automaton.stateCount == 0 { return .never }
    automata.append(automaton)
    stateTerms.append([Term](repeating: .never, count: automaton.stateCount))
    return try self.automaton(Int32(automata.count - 1), state: 0)
  }

  mutating func automaton(_ number: Int32, state: Int32) throws(ConstraintError) -> Term {
    let known = stateTerms[Int(number)][Int(state)]
    if known != .never { return known }
    let term: Term =
      automata[Int(number)].isLast(state) ? .empty : try intern(.automaton, number, state)
    stateTerms[Int(number)][Int(state)] = term
    return term
  }

  mutating func then(_ a: Term, _ b: Term) throws(ConstraintError) -> Term {
    if a == .never || b == .never { return .never }
    if a == .empty { return b }
    if b == .empty { return a }
    var parts: [Term] = []
    var head = a
    while kind(head) == .then {
      parts.append(nodes[Int(head)].y)
      head = nodes[Int(head)].z
    }
    var result = try intern(.then, head, b)
    for part in parts.reversed() { result = try intern(.then, part, result) }
    return result
  }

  mutating func sequence(_ parts: [Term]) throws(ConstraintError) -> Term {
    var result = Term.empty
    for part in parts.reversed() { result = try then(part, result) }
    return result
  }

  mutating func either(_ options: [Term]) throws(ConstraintError) -> Term {
    var all: [Term] = []
    for option in options { appendOptions(of: option, to: &all) }
    return try either(sorted: all.count > 1 ? all.sorted() : all)
  }

  /// As `either`; ascending, no `either` among them, equal ones side by side.
  private mutating func either(sorted options: [Term]) throws(ConstraintError) -> Term {
    guard var result = options.last else { return .never }
    var count = 1
    var last = result
    for option in options.dropLast().reversed() where option != last {
      result = try intern(.either, option, result)
      last = option
      count += 1
    }
    guard count <= limits.width || !isFrozen else {
      throw ConstraintError(
        .tooComplex,
        "the text can be read in more than \(limits.width) ways at once: make it less ambiguous")
    }
    return result
  }

  /// Adds the alternatives of `term` to `list`; itself where it is none, nothing where it is
  /// `never`.
  func appendOptions(of term: Term, to list: inout [Term]) {
    var rest = term
    while kind(rest) == .either {
      list.append(nodes[Int(rest)].y)
      rest = nodes[Int(rest)].z
    }
    if rest != .never { list.append(rest) }
  }

  mutating func optional(_ term: Term) throws(ConstraintError) -> Term {
    try either([.empty, term])
  }

  /// - Parameter most: at least `least`; `unbounded` for no bound.
  mutating func times(_ term: Term, _ least: Int32, _ most: Int32) throws(ConstraintError) -> Term {
    if most == 0 || term == .empty { return .empty }
    if term == .never { return least == 0 ? .empty : .never }
    if least == 1, most == 1 { return term }
    let node = nodes[Int(term)]
    if node.x == Kind.times.rawValue, node.z == 0 {
      // (x{0,a}){m,b} is x{0,ab}.
      let (product, overflows) = node.w.multipliedReportingOverflow(by: most)
      let isUnbounded = overflows || node.w == unbounded || most == unbounded
      return try intern(.times, node.y, 0, isUnbounded ? unbounded : product)
    }
    return try intern(.times, term, least, most)
  }

  /// A rule without a definition yet; its term.
  mutating func rule(named name: String) throws(ConstraintError) -> Term {
    rules.append(nil)
    ruleNames.append(name)
    return try intern(.rule, Int32(rules.count - 1))
  }

  mutating func define(_ rule: Term, as definition: Term) {
    rules[Int(nodes[Int(rule)].y)] = definition
  }

  private mutating func intern(
    _ kind: Kind, _ a: Int32, _ b: Int32 = 0, _ c: Int32 = 0
  ) throws(ConstraintError) -> Term {
    let node = Node(kind.rawValue, a, b, c)
    if let term = numbers[node] { return term }
    let isNullable = nullable(node)
    let distance = distance(node)
    if isFrozen, distance >= Self.far { return .never }
    let limit = isFrozen ? limits.runningTermCount : limits.termCount
    guard nodes.count < limit else {
      throw tooManyParts(limit)
    }
    let term = Term(nodes.count)
    nodes.append(node)
    numbers[node] = term
    self.isNullable.append(isNullable)
    self.distance.append(distance)
    return term
  }

  func tooManyParts(_ limit: Int) -> ConstraintError {
    ConstraintError(
      .tooComplex, "the constraint needs more than \(limit) parts: make it simpler")
  }

  // MARK: What is known of a term

  private func nullable(_ node: Node) -> Bool {
    switch Kind(rawValue: node.x) ?? .never {
    case .never, .text, .set: false
    case .empty: true
    case .automaton: automata[Int(node.y)].accepting[Int(node.z)]
    case .then: isNullable[Int(node.y)] && isNullable[Int(node.z)]
    case .either: isNullable[Int(node.y)] || isNullable[Int(node.z)]
    case .times: node.z == 0 || isNullable[Int(node.y)]
    case .rule: rules[Int(node.y)].map { isNullable[Int($0)] } ?? false
    }
  }

  private func distance(_ node: Node) -> Int32 {
    let far = Int(Self.far)
    func known(_ term: Int32) -> Int { Int(distance[Int(term)]) }
    let value =
      switch Kind(rawValue: node.x) ?? .never {
      case .never: far
      case .empty: 0
      case .text: Int(node.z - node.y)
      case .set: 1
      case .automaton: Int(automata[Int(node.y)].distance[Int(node.z)])
      case .then: known(node.y) + known(node.z)
      case .either: min(known(node.y), known(node.z))
      case .times: node.z == 0 ? 0 : known(node.y) * Int(node.z)
      case .rule: rules[Int(node.y)].map(known) ?? far
      }
    return Int32(min(value, far))
  }

  /// Ends making the grammar: finds what rules add up to. From here on terms that nothing satisfies
  /// are `never`.
  mutating func freeze() throws(ConstraintError) {
    let dependents = dependents()
    var isQueued = [Bool](repeating: true, count: nodes.count)
    var queue = Array(0..<Term(nodes.count))
    var first = 0
    while first < queue.count {
      guard first <= max(limits.work, 8 * nodes.count) else {
        throw ConstraintError(.tooComplex, "rules refer to each other in chains that are too long")
      }
      let term = Int(queue[first])
      first += 1
      isQueued[term] = false
      let isNullable = nullable(nodes[term])
      let distance = distance(nodes[term])
      if isNullable == self.isNullable[term], distance == self.distance[term] { continue }
      self.isNullable[term] = isNullable
      self.distance[term] = distance
      for parent in dependents[term] where !isQueued[Int(parent)] {
        isQueued[Int(parent)] = true
        queue.append(parent)
      }
    }
    isFrozen = true
  }

  /// By term: those that it is a part of.
  private func dependents() -> [[Term]] {
    var result = [[Term]](repeating: [], count: nodes.count)
    for (term, node) in nodes.enumerated() {
      let parts: [Term] =
        switch Kind(rawValue: node.x) ?? .never {
        case .never, .empty, .text, .set, .automaton: []
        case .then, .either: [node.y, node.z]
        case .times: [node.y]
        case .rule: rules[Int(node.y)].map { [$0] } ?? []
        }
      for part in parts { result[Int(part)].append(Term(term)) }
    }
    return result
  }
}
