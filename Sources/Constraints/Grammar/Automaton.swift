// Deterministic automata over bytes: what can be intersected and complemented, unlike a grammar.

/// A deterministic automaton over bytes. From each of its states an accepting one can be reached,
/// so nothing leads into a dead end. State 0 is the start; the empty language has no states.
struct Automaton: Sendable {
  let classes: ByteClasses
  /// `[states, classes]`: the next state, -1 for none.
  let next: [Int32]
  let accepting: [Bool]
  /// By state: bytes of the shortest text to an accepting one.
  let distance: [Int32]
  /// Whether its texts are free words, which may end anywhere and go on anywhere.
  var isWords = false

  var stateCount: Int { accepting.count }

  /// Whether the state accepts and leads nowhere.
  func isLast(_ state: Int32) -> Bool {
    guard accepting[Int(state)] else { return false }
    let row = Int(state) * classes.count
    return next[row..<row + classes.count].allSatisfy { $0 < 0 }
  }

  /// Bytes of memory, about.
  var byteCount: Int { next.count * 4 + accepting.count * 9 }

  /// The bytes that lead on from a state.
  func firstBytes(in state: Int32) -> ByteSet {
    let row = Int(state) * classes.count
    var result = ByteSet()
    for byte in 0...255 where next[row + Int(classes.classOf[byte])] >= 0 {
      result.insert(UInt8(byte))
    }
    return result
  }

  func step(_ state: Int32, _ byte: UInt8) -> Int32 {
    state < 0 ? -1 : next[Int(state) * classes.count + Int(classes.classOf[Int(byte)])]
  }

  func accepts(_ bytes: some Sequence<UInt8>) -> Bool {
    if stateCount == 0 { return false }
    var state: Int32 = 0
    for byte in bytes { state = step(state, byte) }
    return state >= 0 && accepting[Int(state)]
  }

  /// Drops states that the start does not reach or that reach no accepting one.
  init(classes: ByteClasses, next: [Int32], accepting: [Bool]) {
    let count = accepting.count
    let width = classes.count
    var sources = [[Int32]](repeating: [], count: count)
    for state in 0..<count {
      for target in Set(next[state * width..<(state + 1) * width]) where target >= 0 {
        sources[Int(target)].append(Int32(state))
      }
    }
    var distance = accepting.map { $0 ? Int32(0) : -1 }
    var queue = (0..<Int32(count)).filter { accepting[Int($0)] }
    var first = 0
    while first < queue.count {
      let state = queue[first]
      first += 1
      for source in sources[Int(state)] where distance[Int(source)] < 0 {
        distance[Int(source)] = distance[Int(state)] + 1
        queue.append(source)
      }
    }
    var renamed = [Int32](repeating: -1, count: count)
    var order: [Int32] = []
    if count > 0, distance[0] >= 0 {
      renamed[0] = 0
      order = [0]
    }
    first = 0
    while first < order.count {
      let row = Int(order[first]) * width
      first += 1
      for target in next[row..<row + width]
      where target >= 0 && distance[Int(target)] >= 0 && renamed[Int(target)] < 0 {
        renamed[Int(target)] = Int32(order.count)
        order.append(target)
      }
    }
    self.classes = classes
    self.next = order.flatMap { state in
      next[Int(state) * width..<(Int(state) + 1) * width].map { $0 < 0 ? -1 : renamed[Int($0)] }
    }
    self.accepting = order.map { accepting[Int($0)] }
    self.distance = order.map { distance[Int($0)] }
  }

  /// The automaton of the texts that are in one of `self` and `other` or in both, as `keeps` says.
  func combined(
    _ other: Automaton, limits: ConstraintLimits, keeps: (_ first: Bool, _ second: Bool) -> Bool
  ) throws(ConstraintError) -> Automaton {
    let classes = ByteClasses(self.classes.sets + other.classes.sets)
    var numbers: [SIMD2<Int32>: Int32] = [:]
    var pairs: [SIMD2<Int32>] = []
    func number(_ pair: SIMD2<Int32>) -> Int32 {
      if pair.x < 0, pair.y < 0 { return -1 }
      if let number = numbers[pair] { return number }
      numbers[pair] = Int32(pairs.count)
      pairs.append(pair)
      return Int32(pairs.count - 1)
    }
    _ = number([stateCount > 0 ? 0 : -1, other.stateCount > 0 ? 0 : -1])
    var next: [Int32] = []
    var accepting: [Bool] = []
    while accepting.count < pairs.count {
      let pair = pairs[accepting.count]
      accepting.append(
        keeps(
          pair.x >= 0 && self.accepting[Int(pair.x)],
          pair.y >= 0 && other.accepting[Int(pair.y)]))
      for byte in classes.representatives {
        next.append(number([step(pair.x, byte), other.step(pair.y, byte)]))
      }
      try Self.check(pairs.count, classes.count, limits)
    }
    return Automaton(classes: classes, next: next, accepting: accepting)
  }

  func intersection(_ other: Automaton, _ limits: ConstraintLimits) throws(ConstraintError)
    -> Automaton
  { try combined(other, limits: limits) { $0 && $1 } }

  func subtracting(_ other: Automaton, _ limits: ConstraintLimits) throws(ConstraintError)
    -> Automaton
  { try combined(other, limits: limits) { $0 && !$1 } }

  /// Refuses automata that are too large, before the memory for them is taken.
  static func check(
    _ stateCount: Int, _ classCount: Int, _ limits: ConstraintLimits
  ) throws(ConstraintError) {
    guard stateCount * classCount <= limits.automatonCells else {
      throw tooManyStates(classCount, limits)
    }
  }

  static func tooManyStates(_ classCount: Int, _ limits: ConstraintLimits) -> ConstraintError {
    ConstraintError(
      .tooComplex,
      "it needs more than \(limits.automatonCells / classCount) states: make it simpler")
  }
}

extension Automaton {
  /// The automaton of a regular term: one without recursion. `body` makes the term.
  init(
    _ limits: ConstraintLimits,
    _ body: (inout TermStore) throws(ConstraintError) -> Term
  ) throws(ConstraintError) {
    var store = TermStore(limits)
    let root = try body(&store)
    try self.init(Matcher(store, root: root, mayBeImpossible: true), limits)
  }

  fileprivate static let termEffort = 5

  /// The automaton of what a matcher without recursion reads.
  init(_ matcher: Matcher, _ limits: ConstraintLimits) throws(ConstraintError) {
    var matcher = matcher
    var numbers: [Term: Int32] = [:]
    var terms: [Term] = []
    if matcher.start != .never {
      numbers[matcher.start] = 0
      terms.append(matcher.start)
    }
    // A state of a term takes longer to find than one of a pair or of a list.
    let mostStates = limits.automatonCells / Self.termEffort / matcher.classes.count
    var next: [Int32] = []
    var accepting: [Bool] = []
    while accepting.count < terms.count {
      let term = terms[accepting.count]
      accepting.append(matcher.isComplete(term))
      for byte in matcher.classes.representatives {
        let target = try matcher.advance(term, byte)
        if target == .never {
          next.append(-1)
          continue
        }
        let number = numbers[target] ?? Int32(terms.count)
        if number == terms.count {
          numbers[target] = number
          terms.append(target)
        }
        next.append(number)
      }
      guard terms.count <= mostStates else {
        throw ConstraintError(
          .tooComplex, "it needs more than \(mostStates) states: make it simpler")
      }
    }
    self.init(classes: matcher.classes, next: next, accepting: accepting)
  }

  /// The automaton of a list of texts: a tree.
  init(choices: [[UInt8]], _ limits: ConstraintLimits) throws(ConstraintError) {
    var used = ByteSet()
    for choice in choices { for byte in choice { used.insert(byte) } }
    let classes = ByteClasses(
      (0...255).filter { used.contains(UInt8($0)) }.map { ByteSet([UInt8($0)]) })
    var next = [Int32](repeating: -1, count: classes.count)
    var accepting = [false]
    for choice in choices {
      var state = 0
      for byte in choice {
        let edge = state * classes.count + Int(classes.classOf[Int(byte)])
        if next[edge] < 0 {
          next[edge] = Int32(accepting.count)
          accepting.append(false)
          next += [Int32](repeating: -1, count: classes.count)
          try Self.check(accepting.count, classes.count, limits)
        }
        state = Int(next[edge])
      }
      accepting[state] = true
    }
    self.init(classes: classes, next: next, accepting: choices.isEmpty ? [] : accepting)
  }
}

extension ConstraintLimits {
  /// The same, of automata that are put together for one part of a constraint: they grow no larger
  /// than one that is made of a term.
  var ofOneAutomaton: ConstraintLimits {
    var limits = self
    limits.automatonCells /= Automaton.termEffort
    return limits
  }
}
