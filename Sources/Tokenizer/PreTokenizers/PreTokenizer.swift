// Splits text into the pieces that are merged each on its own.

/// A list of stages; each splits the pieces of the one before.
struct PreTokenizer: Sendable {
  /// One way of splitting a piece.
  private enum Stage: Sendable {
    case pattern(PatternAutomaton)
    case digitGroups(DigitGroups)
  }

  private let stages: [Stage]

  /// Compiles the stages of a rule.
  init(_ rule: PreTokenizerRule) {
    stages = rule.stages.map { stage in
      switch stage {
      case .pattern(let text): .pattern(PatternAutomaton(text))
      case .digitGroups(let groups): .digitGroups(groups)
      }
    }
  }

  /// Calls `body` with start and end of each piece of `bytes[start..<end]`, in order. Pieces are
  /// not empty and leave nothing out.
  func split(_ bytes: [UInt8], from start: Int, to end: Int, _ body: (Int, Int) -> Void) {
    split(bytes, from: start, to: end, stage: 0, body)
  }

  private func split(
    _ bytes: [UInt8], from start: Int, to end: Int, stage: Int, _ body: (Int, Int) -> Void
  ) {
    guard stage < stages.count else { return body(start, end) }
    let isLast = stage + 1 == stages.count
    switch stages[stage] {
    case .pattern(let automaton):
      automaton.split(bytes, from: start, to: end) { start, end in
        isLast ? body(start, end) : split(bytes, from: start, to: end, stage: stage + 1, body)
      }
    case .digitGroups(let groups):
      groups.split(bytes, from: start, to: end) { start, end in
        isLast ? body(start, end) : split(bytes, from: start, to: end, stage: stage + 1, body)
      }
    }
  }
}

extension PatternAutomaton {
  /// Calls `body` for each match and for each stretch between matches.
  @inline(__always)
  fileprivate func split(
    _ bytes: [UInt8], from start: Int, to end: Int, _ body: (Int, Int) -> Void
  ) {
    var position = start
    var unmatched = start
    while position < end {
      if let match = matchEnd(in: bytes, from: position, before: end) {
        if unmatched < position { body(unmatched, position) }
        body(position, match)
        position = match
        unmatched = match
      } else {
        position += bytes.character(at: position, before: end).length
      }
    }
    if unmatched < end { body(unmatched, end) }
  }
}

/// Splits runs of digits into groups of three counted from the right, as thousands are written.
enum DigitGroups: Sendable {
  /// A run's end is a border and its start is not: what stands before a run stays with its first
  /// group. Digits are all of category N.
  case endingRuns
  /// A run's start is a border if its first group has three digits, and its end is not. Digits
  /// are 0 to 9.
  case startingRuns

  private func isDigit(_ codePoint: UInt32) -> Bool {
    switch self {
    case .startingRuns: (0x30...0x39).contains(codePoint)
    case .endingRuns:
      switch UnicodeProperties.shared.category(of: codePoint) {
      case .Nd, .Nl, .No: true
      default: false
      }
    }
  }

  fileprivate func split(
    _ bytes: [UInt8], from start: Int, to end: Int, _ body: (Int, Int) -> Void
  ) {
    var border = start
    var position = start
    while position < end {
      // The borders between the characters of a run, its start and end included.
      var borders = [position]
      while position < end {
        let character = bytes.character(at: position, before: end)
        guard isDigit(character.codePoint) else { break }
        position += character.length
        borders.append(position)
      }
      let count = borders.count - 1
      if count == 0 {
        position += bytes.character(at: position, before: end).length
        continue
      }
      for group in stride(from: count % 3, through: count, by: 3) {
        let isOuter = self == .startingRuns ? group == count : group == 0
        if isOuter || borders[group] == border { continue }
        body(border, borders[group])
        border = borders[group]
      }
    }
    if border < end { body(border, end) }
  }
}
