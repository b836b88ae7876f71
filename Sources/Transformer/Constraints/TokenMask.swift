// Which tokens may come next.

package import Tokenizer

/// A set of tokens of a vocabulary.
package struct TokenMask: Sendable {
  /// A bit for each token.
  var bits: [UInt64]
  /// Tokens of the shortest way to an end after any of these, at most.
  var needed = 0

  init(count: Int) { bits = [UInt64](repeating: 0, count: (count + 63) / 64) }

  package func contains(_ id: TokenID) -> Bool {
    id >= 0 && Int(id) < bits.count * 64 && bits[Int(id >> 6)] >> UInt64(id & 63) & 1 == 1
  }

  mutating func insert(_ id: TokenID) { bits[Int(id >> 6)] |= 1 << UInt64(id & 63) }

  /// Notes that a token leads to where an end takes `count` tokens at most.
  mutating func need(_ count: Int) { needed = max(needed, count) }

  mutating func remove(_ id: TokenID) { bits[Int(id >> 6)] &= ~(1 << UInt64(id & 63)) }
}
