// How an engine works.

public import Tokenizer

/// Choices made when an engine is started.
public struct EngineOptions: Sendable {
  /// Requests that may wait, 0 or more; one more is refused, unless fewer than `sequenceLimit` run.
  public var queueLimit = 64
  /// Sequences that are computed side by side, at most; 1...128.
  public var sequenceLimit = 16
  /// The longest that a running sequence shall wait for its next token because of other requests'
  /// prompts. Slices of prompts are cut by measured speed to keep it.
  public var longestGap = Duration.milliseconds(100)
  /// Bytes for keys and values of all sequences and of the prompts that are remembered; nil takes
  /// room for four whole contexts. It is never less than one context. The system gives memory as
  /// it is written.
  public var keyValueBytes: Int?
  /// Whether keys, values and scratch stay out of swap, where the process may lock so much memory. They
  /// are in no core file in any case.
  public var locksMemory = false
  /// Whether keys and values stay for later requests of the same owner that begin alike.
  public var remembersPrefixes = true
  /// Beginnings of prompts that are no secret, such as a system prompt that all have. What is
  /// computed for them, as far as it fills pages of 32 tokens, serves all owners, and requests
  /// without one.
  public var publicPrefixes: [[TokenID]] = []
  /// What was not used for so long is forgotten.
  public var prefixLifetime = Duration.seconds(600)
  /// Whether tokens are guessed from what stood after the same words before, and checked several at
  /// once. Answers keep their bits; those that repeat their prompt come sooner.
  public var usesPromptLookup = false
  /// A smaller model with the same tokens that guesses what follows, where the prompt lookup knows
  /// nothing. Answers keep their bits.
  public var draft: Model?
  /// Rows that one forward pass takes, at least 2; half of them at most decode.
  package var rowLimit = 512

  public init() {}

  private static let sequenceLimits = 1...128

  /// - Throws: `ModelError` for a number that no engine can keep to.
  func check() throws(ModelError) {
    let limits = Self.sequenceLimits
    guard limits.contains(sequenceLimit) else {
      throw ModelError(
        .badOption,
        "sequenceLimit is \(sequenceLimit): choose \(limits.lowerBound) to \(limits.upperBound)")
    }
    guard queueLimit >= 0 else {
      throw ModelError(
        .badOption,
        "queueLimit is \(queueLimit): choose 0, where no request shall wait, or more")
    }
  }
}

/// What an engine is doing, for metrics and tests.
public struct EngineStatistics: Sendable, Equatable {
  public internal(set) var waitingCount = 0
  public internal(set) var runningCount = 0
  /// Answers that can be computed side by side.
  public internal(set) var slotCount = 0
  /// Bytes for keys and values in all, in use, and of those the ones that only the prefix cache
  /// holds on to.
  public internal(set) var memoryBytes = 0
  public internal(set) var usedMemoryBytes = 0
  public internal(set) var prefixBytes = 0
  /// Bytes of one page of keys and values, all layers' largest; the figures above are multiples.
  public internal(set) var pageBytes = 0
  /// Forward passes so far.
  public internal(set) var stepCount = 0
  /// Times that a sequence had to give up its memory and was computed again.
  public internal(set) var setBackCount = 0
  /// Tokens that were guessed, and of those the ones that were right.
  public internal(set) var guessedTokenCount = 0
  public internal(set) var rightGuessCount = 0

  public init() {}
}
