// Splits text into the pieces that are merged each on its own.

/// A list of stages; each splits the pieces of the one before.
package struct PreTokenizer: Sendable {
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

  /// The pre-tokenizer that `tokenizer.ggml.pre` calls `name`; nil if there is none.
  package init?(named name: String) {
    guard let rule = PreTokenizerRule.named(name) else { return nil }
    self.init(rule)
  }

  /// The pieces of `bytes`.
  package func pieces(of bytes: [UInt8]) -> [ArraySlice<UInt8>] {
    var (borders, spare) = ([Int](), [Int]())
    var pieces: [ArraySlice<UInt8>] = []
    var position = 0
    while position < bytes.count {
      split(bytes, from: position, to: bytes.count, &borders, &spare)
      for border in borders {
        pieces.append(bytes[position..<border])
        position = border
      }
    }
    return pieces
  }

  /// Pieces are looked for in portions of about this many, so that a long text needs little memory.
  private static let portion = 1024

  /// Finds the next pieces of `bytes[start..<end]`: where each ends, in order, in `borders`. Pieces
  /// are not empty and leave nothing out. Nothing is left once the last border is `end`.
  /// `spare` is storage.
  func split(
    _ bytes: [UInt8], from start: Int, to end: Int, _ borders: inout [Int], _ spare: inout [Int]
  ) {
    borders.removeAll(keepingCapacity: true)
    guard let first = stages.first else { return borders.append(end) }
    switch first {
    case .pattern(let automaton):
      _ = automaton.appendBorders(in: bytes, from: start, to: end, limit: Self.portion, &borders)
    case .digitGroups(let groups): groups.appendBorders(in: bytes, from: start, to: end, &borders)
    }
    for stage in stages.dropFirst() {
      spare.removeAll(keepingCapacity: true)
      var position = start
      switch stage {
      case .pattern(let automaton):
        for border in borders {
          _ = automaton.appendBorders(
            in: bytes, from: position, to: border, limit: .max / 2, &spare)
          position = border
        }
      case .digitGroups(let groups):
        for border in borders {
          groups.appendBorders(in: bytes, from: position, to: border, &spare)
          position = border
        }
      }
      swap(&borders, &spare)
    }
  }
}
