// Which tokens may come next.

package import Tokenizer

/// A set of tokens of a vocabulary.
package struct TokenMask: Sendable {
  /// A bit for each token.
  var bits: [UInt64]
  /// Bytes of the shortest way to an end after any of the tokens, at most.
  var farthest = 0

  init(count: Int) { bits = [UInt64](repeating: 0, count: (count + 63) / 64) }

  package func contains(_ id: TokenID) -> Bool {
    id >= 0 && Int(id) < bits.count * 64 && bits[Int(id >> 6)] >> UInt64(id & 63) & 1 == 1
  }

  mutating func insert(_ id: TokenID) { bits[Int(id >> 6)] |= 1 << UInt64(id & 63) }

  mutating func remove(_ id: TokenID) { bits[Int(id >> 6)] &= ~(1 << UInt64(id & 63)) }

  mutating func formUnion(_ other: TokenMask) {
    for index in bits.indices { bits[index] |= other.bits[index] }
    farthest = max(farthest, other.farthest)
  }

  /// How many tokens there are.
  package var count: Int { bits.reduce(0) { $0 + $1.nonzeroBitCount } }

  /// Calls `body` with each token.
  func forEach<Failure>(_ body: (TokenID) throws(Failure) -> Void) throws(Failure) {
    for (index, word) in bits.enumerated() {
      var rest = word
      while rest != 0 {
        try body(TokenID(index * 64 + rest.trailingZeroBitCount))
        rest &= rest - 1
      }
    }
  }
}
