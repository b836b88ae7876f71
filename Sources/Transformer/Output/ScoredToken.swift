// A token of an answer with how likely the model found it.

package import Tokenizer

/// A token that an answer's text is made of, and the likeliest in its place.
package struct ScoredToken: Sendable, Equatable {
  /// A token with its bytes.
  package struct Entry: Sendable, Equatable {
    package let bytes: [UInt8]
    /// The natural logarithm of its probability; finite.
    package let logProbability: Float
  }

  package let chosen: Entry
  package let likeliest: [Entry]

  /// JSON has no infinity; OpenAI tells a token that cannot come as this.
  private static let leastLogProbability: Float = -9999

  /// - Parameter bytes: what a token stands for.
  package init(_ likelihood: TokenLikelihood, bytes: (TokenID) -> [UInt8]) {
    func entry(_ token: TokenLogProbability) -> Entry {
      Entry(
        bytes: bytes(token.id),
        logProbability: max(Self.leastLogProbability, token.logProbability))
    }
    chosen = entry(likelihood.chosen)
    likeliest = likelihood.likeliest.map(entry)
  }
}
