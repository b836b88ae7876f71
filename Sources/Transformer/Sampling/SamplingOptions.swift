// How the next token is chosen.

public import Tokenizer

/// Choices for sampling, with llama.cpp's definitions and defaults. The value that an option has at
/// rest is said with it. They take effect in the order in which they stand here, but for
/// temperature, which comes last.
public struct SamplingOptions: Sendable, Equatable {
  /// Logits are divided by it; 0 always takes the likeliest token that is left.
  public var temperature: Float = 0.8
  /// Temperature moves by so much to both sides: down where the model is sure, up where it is not;
  /// 0 keeps it.
  public var temperatureRange: Float = 0
  /// How the part of the greatest possible entropy becomes a place in that range: as its power.
  public var temperatureExponent: Float = 1

  /// Added to the logits of tokens; minus infinity bans a token.
  public var logitBias: [TokenID: Float] = [:]
  /// Tokens that never come.
  public var bannedTokens: Set<TokenID> = []
  /// Tokens that the answer has at least: before that many neither the model's tokens nor
  /// `GenerationRequest.stopTokens` end it.
  public var minTokens: Int = 0

  /// Logits of recent tokens are divided (positive) or multiplied (negative) by it; 1 is none.
  public var repeatPenalty: Float = 1
  /// Taken off a recent token's logit once; 0 is none.
  public var presencePenalty: Float = 0
  /// Taken off a recent token's logit for each time it stands there; 0 is none.
  public var frequencyPenalty: Float = 0
  /// How many tokens count as recent; 0 is none, -1 all.
  public var repeatLastN: Int = 64

  /// What a token loses that would go on with a repetition: so much times `dryBase` for each token
  /// that it is longer than `dryAllowedLength`; 0 is none.
  public var dryMultiplier: Float = 0
  /// At least 1.
  public var dryBase: Float = 1.75
  /// Repetitions that are shorter are free.
  public var dryAllowedLength: Int = 2
  /// Among how many of the last tokens repetitions are looked for; 0 is none, -1 all.
  public var dryLastN: Int = -1
  /// Tokens that no repetition goes across, such as those with the end of a line.
  public var dryBreakers: Set<TokenID> = []

  /// Tokens stay that are at most so many standard deviations of all logits below the likeliest; 0
  /// keeps all.
  public var topNSigma: Float = 0
  /// Only the k likeliest tokens stay; 0 keeps all.
  public var topK: Int = 40
  /// Those tokens whose surprise is nearest to the expected one stay, until their probabilities
  /// reach this sum; 1 keeps all.
  public var typicalP: Float = 1
  /// The likeliest tokens whose probabilities reach this sum stay; 1 keeps all.
  public var topP: Float = 0.95
  /// Tokens below this part of the likeliest one's probability go; 0 keeps all.
  public var minP: Float = 0.05
  /// With this probability all tokens go that are likely enough, but for the least likely of them;
  /// 0 is none.
  public var xtcProbability: Float = 0
  /// What is likely enough for that; above 0.5 is none.
  public var xtcThreshold: Float = 0.1

  /// Holds the surprise of the answer near a target; takes the place of all filters and penalties.
  public var mirostat: MirostatVersion?
  /// The surprise that mirostat aims at, in bits.
  public var mirostatTau: Float = 5
  /// How fast it gets there.
  public var mirostatEta: Float = 0.1
  /// Tokens near this probability become likelier, and what was chosen lately is balanced; from 0
  /// to 1, less than 0 is none.
  public var adaptiveTarget: Float = -1
  /// How much of the past counts for that, from 0 to 0.99.
  public var adaptiveDecay: Float = 0.9

  /// Tell how likely each token was, as the model had it before anything else here took effect, and
  /// so many of the likeliest with it, at most 20; nil tells nothing.
  public var logProbabilities: Int?

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
