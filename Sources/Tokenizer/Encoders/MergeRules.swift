// Which two neighbouring symbols may become one, and which pair goes first.

/// An order of merging. Symbols are numbers; a vocabulary's tokens come first, spellings that occur
/// only on the way to a token follow them.
protocol MergeRule: Sendable {
  /// What `left` and `right`, spelled by `bytes` from `start` to `end`, merge into: priority << 32
  /// | symbol, lowest priority first; `noMerge` if they do not.
  func merge(
    _ left: Int32, _ right: Int32, _ bytes: borrowing Span<UInt8>, from start: Int, to end: Int
  ) -> UInt64
}

/// Two symbols that stay apart.
let noMerge = UInt64.max

/// The part of a merge that holds its priority.
let priorityMask: UInt64 = 0xFFFF_FFFF_0000_0000

/// Any two symbols merge whose spelling is a token, best score first: SentencePiece.
struct ScoredMerges: MergeRule {
  let tokens: TokenLookup
  /// By token: the higher the score, the lower.
  let priorities: [UInt32]

  init(tokens: TokenLookup, scores: [Float]) {
    self.tokens = tokens
    priorities = scores.map(Self.priority)
  }

  /// A number that falls as `score` rises; NaN comes last.
  private static func priority(_ score: Float) -> UInt32 {
    if score.isNaN { return .max - 1 }
    // Adding zero makes the two zeros equal.
    let bits = (score + 0).bitPattern
    return ~(bits & 0x8000_0000 == 0 ? bits | 0x8000_0000 : ~bits)
  }

  @inline(__always)
  func merge(
    _ left: Int32, _ right: Int32, _ bytes: borrowing Span<UInt8>, from start: Int, to end: Int
  ) -> UInt64 {
    let token = tokens.find(bytes, from: start, to: end)
    if token < 0 { return noMerge }
    return UInt64(priorities[Int(token)]) << 32 | UInt64(token)
  }
}
