// Counting: texts of so many characters.

extension Automaton {
  /// The automaton of `body` repeated. No text of `body` may be the beginning of another one.
  ///
  /// - Parameter most: at least `least`; nil for no bound.
  static func repeated(
    _ body: Automaton, least: Int, most: Int?, _ limits: ConstraintLimits
  ) throws(ConstraintError) -> Automaton {
    let width = body.classes.count
    let inside = body.stateCount
    let last = most ?? least
    guard last <= limits.automatonCells else { throw tooManyStates(width, limits) }
    try check((last + 1) * inside, width, limits)
    var next: [Int32] = []
    next.reserveCapacity((last + 1) * inside * width)
    var accepting: [Bool] = []
    for count in 0...last {
      let following = most == nil ? min(count + 1, last) : count + 1
      for state in 0..<inside {
        accepting.append(state == 0 && count >= least)
        for target in body.next[state * width..<(state + 1) * width] {
          if target < 0 || following > last {
            next.append(-1)
          } else if body.accepting[Int(target)] {
            next.append(Int32(following * inside))
          } else {
            next.append(Int32(count * inside) + target)
          }
        }
      }
    }
    return Automaton(classes: body.classes, next: next, accepting: accepting)
  }
}
