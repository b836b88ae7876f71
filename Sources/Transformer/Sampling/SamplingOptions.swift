// How the next token is chosen.

/// Choices for sampling. The values that an option takes at rest are said with it.
public struct SamplingOptions: Sendable, Equatable {
  /// Logits are divided by it; 0 always takes the likeliest token.
  public var temperature: Float = 0.8
  /// Only the k likeliest tokens stay; 0 keeps all.
  public var topK: Int = 40
  /// The likeliest tokens whose probabilities reach this sum stay; 1 keeps all.
  public var topP: Float = 0.95
  /// Tokens below this part of the likeliest one's probability go; 0 keeps all.
  public var minP: Float = 0.05
  /// Logits of recent tokens are divided (positive) or multiplied (negative) by it; 1 is none.
  public var repeatPenalty: Float = 1
  /// Taken off a recent token's logit once; 0 is none.
  public var presencePenalty: Float = 0
  /// Taken off a recent token's logit for each time it stands there; 0 is none.
  public var frequencyPenalty: Float = 0
  /// How many tokens count as recent; 0 is none, -1 all.
  public var repeatLastN: Int = 64
  /// The same seed gives the same answer; nil takes one at random.
  public var seed: UInt64?

  public init() {}

  /// Always the likeliest token.
  public static let greedy: SamplingOptions = {
    var options = SamplingOptions()
    options.temperature = 0
    return options
  }()
}
