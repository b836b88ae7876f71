// A pattern as a program of small steps, from which the automaton's states are computed.

/// Steps that consume a character, fork, look ahead or match. Execution starts at step 0.
struct PatternProgram {
  private enum Step {
    case set(Int)
    /// Both ways are tried, the first preferred.
    case fork(Int, Int)
    case jump(Int)
    case beforeWhiteSpaceOrEnd
    case match
  }

  private var steps: [Step] = []
  /// The sets that `Step.set` refers to.
  private(set) var sets: [CodePointSet] = []

  /// Makes the program of a whole pattern; called once.
  mutating func compile(_ pattern: Pattern) {
    emit(pattern)
    steps.append(.match)
  }

  private mutating func emit(_ pattern: Pattern) {
    switch pattern {
    case .set(let set):
      let number = sets.firstIndex(of: set) ?? sets.count
      if number == sets.count { sets.append(set) }
      steps.append(.set(number))
    case .sequence(let parts):
      for part in parts { emit(part) }
    case .choice(let options):
      var exits: [Int] = []
      for option in options.dropLast() {
        let fork = steps.count
        steps.append(.match)
        emit(option)
        exits.append(steps.count)
        steps.append(.match)
        steps[fork] = .fork(fork + 1, steps.count)
      }
      emit(options[options.count - 1])
      for exit in exits { steps[exit] = .jump(steps.count) }
    case .repetition(let item, let least, let most):
      for _ in 0..<least { emit(item) }
      if let most {
        var forks: [Int] = []
        for _ in least..<most {
          forks.append(steps.count)
          steps.append(.match)
          emit(item)
        }
        for fork in forks { steps[fork] = .fork(fork + 1, steps.count) }
      } else {
        let fork = steps.count
        steps.append(.match)
        emit(item)
        steps.append(.jump(fork))
        steps[fork] = .fork(fork + 1, steps.count)
      }
    case .beforeWhiteSpaceOrEnd: steps.append(.beforeWhiteSpaceOrEnd)
    }
  }

  /// Where a match may stand after one more character, best first, and whether a match ends
  /// before that character.
  func step(
    from places: [Int], isEnd: Bool, isWhiteSpace: Bool, isMember: (Int) -> Bool
  ) -> (next: [Int], accepts: Bool) {
    var next: [Int] = []
    var seen = Set<Int>()
    var stack = Array(places.reversed())
    while let place = stack.popLast() {
      guard seen.insert(place).inserted else { continue }
      switch steps[place] {
      case .set(let set): if isMember(set), !next.contains(place + 1) { next.append(place + 1) }
      case .fork(let first, let second):
        stack.append(second)
        stack.append(first)
      case .jump(let target): stack.append(target)
      case .beforeWhiteSpaceOrEnd: if isEnd || isWhiteSpace { stack.append(place + 1) }
      case .match: return (next, true)
      }
    }
    return (next, false)
  }
}
