// Texts that are free but for what may not stand in them.

extension Automaton {
  /// Texts that end with the first occurrence of `mark` (Knuth, Morris and Pratt 1977).
  ///
  /// - Parameter isLeftOut: those in which it does not occur instead.
  init(
    upTo mark: [UInt8], isLeftOut: Bool = false, _ limits: ConstraintLimits
  ) throws(ConstraintError) {
    guard !mark.isEmpty else {
      throw ConstraintError(.syntax, "there is no text to look for")
    }
    // A set for each byte of the mark, so that a class is one byte or none of them.
    let classes = ByteClasses(Set(mark).sorted().map { ByteSet([$0]) })
    try Self.check(mark.count + 1, classes.count, limits)
    // By state: the longest beginning of the mark that ends the first `state` bytes of it.
    var fallback = [0, 0]
    for state in 1..<max(2, mark.count) where state < mark.count {
      var shorter = fallback[state]
      while shorter > 0, mark[shorter] != mark[state] { shorter = fallback[shorter] }
      fallback.append(mark[shorter] == mark[state] ? shorter + 1 : 0)
    }
    func step(_ state: Int, _ byte: UInt8) -> Int32 {
      var state = state
      while state > 0, mark[state] != byte { state = fallback[state] }
      return mark[state] == byte ? Int32(state + 1) : 0
    }
    var next: [Int32] = []
    for state in mark.indices {
      for byte in classes.representatives { next.append(step(state, byte)) }
    }
    next += Array(repeating: -1, count: classes.count)
    self.init(
      classes: classes, next: next,
      accepting: (0...mark.count).map { ($0 == mark.count) != isLeftOut })
    isWords = isLeftOut
  }

  /// Texts that begin, behind white space, with none of `beginnings`.
  init(unlike beginnings: [[UInt8]], _ limits: ConstraintLimits) throws(ConstraintError) {
    let space: [UInt8] = [0x20, 0x0A, 0x0D, 0x09]
    guard beginnings.allSatisfy({ $0.first.map { !space.contains($0) } ?? false }) else {
      throw ConstraintError(.syntax, "a beginning is empty, or begins with white space")
    }
    let used = Set(beginnings.joined()).union(space).sorted()
    let classes = ByteClasses(used.map { ByteSet([$0]) })
    // State 0 is in front of the first word, and in the state `free` anything may follow. The others are
    // beginnings of beginnings.
    let free: Int32 = 1
    var next = [Int32](repeating: free, count: 2 * classes.count)
    for byte in space { next[Int(classes.classOf[Int(byte)])] = 0 }
    for beginning in beginnings {
      var state = 0
      for (place, byte) in beginning.enumerated() {
        let edge = state * classes.count + Int(classes.classOf[Int(byte)])
        // A shorter beginning leaves this one out too.
        if next[edge] < 0 { break }
        if place == beginning.count - 1 {
          next[edge] = -1
        } else {
          if next[edge] == free {
            let count = next.count / classes.count
            try Self.check(count + 1, classes.count, limits)
            next[edge] = Int32(count)
            next += [Int32](repeating: free, count: classes.count)
          }
          state = Int(next[edge])
        }
      }
    }
    let accepting = [Bool](repeating: true, count: next.count / classes.count)
    self.init(classes: classes, next: next, accepting: accepting)
    isWords = true
  }
}
