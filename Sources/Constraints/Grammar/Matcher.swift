// Reading byte by byte: what remains of a grammar after a byte is a term again (Brzozowski 1964,
// kept as a set of alternatives as Antimirov 1996 has it), and is computed once.

/// Reads texts of a grammar. What has been read is a `Term`: equal terms go on equally. Found steps
/// are kept in the matcher, so a copy knows what its original knew.
package struct Matcher: Sendable {
  var store: TermStore
  /// What remains before anything was read.
  package private(set) var start: Term
  let classes: ByteClasses
  /// By term its row in `table`, -1 for none.
  private var rows: [Int32] = []
  /// `[rows, classes]`: the term after a byte of the class, -1 where it was not asked for yet.
  private var table: [Int32] = []
  /// By term its place in `firstSets`, -1 for none.
  private var firstPlaces: [Int32] = []
  /// The bytes that a term may begin with.
  private var firstSets: [ByteSet] = []
  /// Bytes of what reading does not add to.
  private let staticBytes: Int

  /// - Throws: where rules begin with themselves, or nothing satisfies `root`.
  init(
    _ store: consuming TermStore, root: Term, mayBeImpossible: Bool = false
  ) throws(ConstraintError) {
    try store.freeze()
    try store.checkBeginnings()
    self.store = store
    staticBytes = store.staticBytes
    classes = ByteClasses(store.distinguished)
    let distance = store.distance[Int(root)]
    start = distance < TermStore.far ? root : .never
    guard mayBeImpossible || distance <= store.limits.shortestBytes else {
      throw ConstraintError(
        .impossible,
        "nothing satisfies it, or nothing of at most \(store.limits.shortestBytes) bytes")
    }
  }

  /// Makes it begin at what remains after something.
  mutating func begin(at term: Term) { start = term }

  /// Parts that reading has made.
  package var termCount: Int { store.nodes.count }

  /// Bytes of memory, about.
  package var byteCount: Int {
    staticBytes + store.nodes.count * 64 + (rows.count + table.count + firstPlaces.count) * 4
      + firstSets.count * MemoryLayout<ByteSet>.stride
  }

  /// Whether a text may end here.
  package func isComplete(_ term: Term) -> Bool { store.isNullable[Int(term)] }

  /// Bytes of the shortest text from here to an end.
  package func distance(_ term: Term) -> Int { Int(store.distance[Int(term)]) }

  /// What remains after `byte`; `never` where it may not stand.
  @inline(__always)
  package mutating func advance(_ term: Term, _ byte: UInt8) throws(ConstraintError) -> Term {
    if term <= Term.empty { return .never }
    let byteClass = Int(classes.classOf[Int(byte)])
    if Int(term) < rows.count, rows[Int(term)] >= 0 {
      let known = table[Int(rows[Int(term)]) + byteClass]
      if known >= 0 { return known }
    }
    return try derivative(term, byteClass)
  }

  /// The first of the shortest texts from here to an end.
  package mutating func shortest(from term: Term) throws(ConstraintError) -> [UInt8] {
    var result: [UInt8] = []
    var term = term
    while !isComplete(term) {
      let wanted = distance(term) - 1
      let first = firstBytes(of: term)
      var found = Term.never
      for byte in classes.representatives where first.contains(byte) {
        let next = try advance(term, byte)
        if next != .never, distance(next) == wanted {
          result.append(byte)
          found = next
          break
        }
      }
      guard found != .never else { return result }
      term = found
    }
    return result
  }

  /// What remains after a class of bytes, computed.
  private mutating func derivative(
    _ term: Term, _ byteClass: Int
  ) throws(ConstraintError) -> Term {
    if term <= Term.empty { return .never }
    if Int(term) < rows.count, rows[Int(term)] >= 0 {
      let known = table[Int(rows[Int(term)]) + byteClass]
      if known >= 0 { return known }
    }
    let node = store.nodes[Int(term)]
    let byte = classes.representatives[byteClass]
    let result: Term
    switch store.kind(term) {
    case .never, .empty: return .never
    case .text:
      guard store.texts[Int(node.y)] == byte else { return .never }
      return try store.text(node.y + 1, node.z)
    case .set: return store.sets[Int(node.y)].contains(byte) ? .empty : .never
    case .automaton:
      let next = store.automata[Int(node.y)].step(node.z, byte)
      return next < 0 ? .never : try store.automaton(node.y, state: next)
    case .rule:
      guard let definition = store.rules[Int(node.y)] else { return .never }
      result = try derivative(definition, byteClass)
    case .times:
      guard firstBytes(of: term).contains(byte) else { return .never }
      let rest = try store.times(
        node.y, store.isNullable[Int(node.y)] ? 0 : max(0, node.z - 1),
        node.w == unbounded ? unbounded : node.w - 1)
      result = try followed(derivative(node.y, byteClass), by: rest)
    case .then:
      guard firstBytes(of: term).contains(byte) else { return .never }
      var union = Union()
      // A loop over what may be left out, so that a long list of it needs no stack.
      var rest = term
      while true {
        let node = store.nodes[Int(rest)]
        guard store.kind(rest) == .then else {
          union.add(try derivative(rest, byteClass))
          break
        }
        if firstBytes(of: node.y).contains(byte) {
          union.add(try followed(derivative(node.y, byteClass), by: node.z))
        }
        guard store.isNullable[Int(node.y)] else { break }
        rest = node.z
      }
      result = try store.either(union)
    case .either:
      var union = Union()
      var rest = term
      while store.kind(rest) == .either {
        let node = store.nodes[Int(rest)]
        if firstBytes(of: node.y).contains(byte) { union.add(try derivative(node.y, byteClass)) }
        rest = node.z
      }
      union.add(try derivative(rest, byteClass))
      result = try store.either(union)
    }
    try keep(result, term, byteClass)
    return result
  }

  /// The bytes that a text of `term` may begin with, perhaps with others.
  package mutating func firstBytes(of term: Term) -> ByteSet {
    if Int(term) < firstPlaces.count, firstPlaces[Int(term)] >= 0 {
      return firstSets[Int(firstPlaces[Int(term)])]
    }
    let node = store.nodes[Int(term)]
    var result = ByteSet()
    switch store.kind(term) {
    case .never, .empty: break
    case .text: result.insert(store.texts[Int(node.y)])
    case .set: result = store.sets[Int(node.y)]
    case .automaton: result = store.automata[Int(node.y)].firstBytes(in: node.z)
    case .rule: result = store.rules[Int(node.y)].map { firstBytes(of: $0) } ?? result
    case .times: result = firstBytes(of: node.y)
    case .then:
      var rest = term
      while store.kind(rest) == .then {
        let node = store.nodes[Int(rest)]
        result.formUnion(firstBytes(of: node.y))
        rest = store.isNullable[Int(node.y)] ? node.z : .empty
      }
      result.formUnion(firstBytes(of: rest))
    case .either:
      var rest = term
      while store.kind(rest) == .either {
        let node = store.nodes[Int(rest)]
        result.formUnion(firstBytes(of: node.y))
        rest = node.z
      }
      result.formUnion(firstBytes(of: rest))
    }
    if firstPlaces.count <= Int(term) {
      firstPlaces += repeatElement(-1, count: store.nodes.count - firstPlaces.count)
    }
    firstPlaces[Int(term)] = Int32(firstSets.count)
    firstSets.append(result)
    return result
  }

  /// `rest` after each of the alternatives of `term`.
  mutating func followed(_ term: Term, by rest: Term) throws(ConstraintError) -> Term {
    if term == .never || rest == .empty { return term }
    if store.kind(term) != .either { return try store.then(term, rest) }
    var options: [Term] = []
    store.appendOptions(of: term, to: &options)
    for index in options.indices { options[index] = try store.then(options[index], rest) }
    return try store.either(options)
  }

  private mutating func keep(
    _ result: Term, _ term: Term, _ byteClass: Int
  ) throws(ConstraintError) {
    let index = Int(term)
    if rows.count <= index {
      rows += repeatElement(-1, count: store.nodes.count - rows.count)
    }
    if rows[index] < 0 {
      guard table.count < store.limits.runningSteps else {
        throw ConstraintError(
          .tooComplex, "the constraint needs too much memory: make it less ambiguous")
      }
      rows[index] = Int32(table.count)
      table += repeatElement(-1, count: classes.count)
    }
    table[Int(rows[index]) + byteClass] = result
  }
}
