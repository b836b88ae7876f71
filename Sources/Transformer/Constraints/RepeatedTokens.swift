// Tokens that lie wholly within a repetition, such as the characters of a string: for these it does
// not matter what comes after the repetition, so they are found once.

import Constraints
import Tokenizer

/// The tokens that go on with a repetition from its beginning, whatever follows it.
struct RepeatedTokens: Sendable {
  /// By token: how many repetitions it takes, the last perhaps not to its end; 0 for tokens that do
  /// not lie within them.
  private let counts: [UInt16]
  private let most: Int
  /// All other tokens.
  let others: ByteTree
  /// Tokens that lead from within a repetition to its end, at most; `Int.max` where the vocabulary
  /// cannot spell that.
  let mostRestTokens: Int
  /// By the number of repetitions that are left: the tokens that take no more.
  private var masks: [Int: TokenMask] = [:]

  /// More repetitions than any token takes.
  private static let many = 1 << 20

  /// - Parameter body: is repeated; where one ends is certain from its bytes.
  init(
    _ body: Term, _ tokens: TokenTree, _ matcher: inout Matcher
  ) throws(ConstraintError) {
    var found: [(id: TokenID, next: Term)] = []
    let start = try matcher.repeated(body, most: Self.many)
    try matcher.visit(tokens.tree, from: start) { id, next in found.append((id, next)) }
    var counts = [UInt16](repeating: 0, count: tokens.vocabularyCount)
    var known: [Term: UInt16] = [:]
    var mostRestTokens = 0
    for (id, next) in found {
      if known[next] == nil {
        // The repetition remains, or the rest of one and then the repetition.
        let rest = matcher.head(of: next)?.rest ?? next
        if let part = matcher.head(of: next)?.head {
          let text = try matcher.shortest(from: part)
          mostRestTokens = max(mostRestTokens, tokens.fewestTokens(for: text) ?? .max)
        }
        let left = matcher.repetition(of: rest)?.most ?? 0
        known[next] = UInt16(clamping: Self.many - left)
      }
      counts[Int(id)] = known[next] ?? 0
    }
    self.counts = counts
    self.mostRestTokens = mostRestTokens
    most = Int(counts.max() ?? 0)
    others = tokens.subtree { counts[Int($0)] == 0 }
  }

  /// The tokens that take at most `left` repetitions; nil for no bound.
  mutating func mask(left: Int?) -> TokenMask {
    let left = min(left ?? most, most)
    if let mask = masks[left] { return mask }
    var mask = TokenMask(count: counts.count)
    for (id, count) in counts.enumerated() where count > 0 && count <= left {
      mask.insert(TokenID(id))
    }
    masks[left] = mask
    return mask
  }
}
