// What an operator decides about metering.

/// The settings of a meter.
package struct MeterConfiguration: Sendable {
  /// The data folder, see ``DataFolder``.
  package var folder: String
  /// The limits of a key that has none of its own.
  package var keyLimits = LimitRule(requests: LimitRule.requestLimit(perMinute: 600))
  /// The limits that all keys of an account share where the account has none of its own.
  package var accountLimits = LimitRule()
  /// The limits that all requests to a model share where the store has none for it.
  package var modelLimits: [ModelID: LimitRule] = [:]
  /// How often one address may present a wrong key before it is told to wait; nil for always.
  package var failedAuthentications = RateLimit.patience(perMinute: 60)
  /// How many refusals for a limit a key may have before it is refused without a look at what it asks,
  /// until it has waited as it was told; nil for any number.
  package var refusals = RateLimit.patience(perMinute: 600)
  /// Serves on while the ledger cannot be written, and lets go of rows that do not fit into memory
  /// meanwhile: for services that bill nobody.
  package var failsOpen = false
  /// What is kept of a request; nil for what was chosen last.
  package var profile: MetadataProfile?
  /// How often changes of keys by other processes are looked for.
  package var keyCheckInterval: Duration = .milliseconds(250)
  /// The clocks.
  package var clock = MeterClock.system

  /// The defaults, in this folder.
  package init(folder: String) { self.folder = folder }
}

/// What a request asks for, in numbers.
package struct AdmissionRequest: Sendable {
  package var model: ModelID
  package var kind: RequestKind
  /// The exact number of prompt tokens.
  package var promptTokens: Int64
  /// The most tokens the answer may have, where the client said so.
  package var maxCompletionTokens: Int64?
  /// How many tokens fit into the context behind the prompt.
  package var contextLeft: Int64
  /// Decoded audio in the request, in milliseconds.
  package var audioMilliseconds: Int64
  /// How many answers it gets, at least 1.
  package var answerCount: Int64
  /// Where it came from, for the metadata profiles that name it.
  package var client = ClientTraits()

  /// A request; numbers are at least 0, but for `answerCount`.
  package init(
    model: ModelID, kind: RequestKind, promptTokens: Int64, maxCompletionTokens: Int64? = nil,
    contextLeft: Int64, audioMilliseconds: Int64 = 0, answerCount: Int64 = 1
  ) {
    self.model = model
    self.kind = kind
    self.promptTokens = max(0, promptTokens)
    self.maxCompletionTokens = maxCompletionTokens.map { max(0, $0) }
    self.contextLeft = max(0, contextLeft)
    self.audioMilliseconds = max(0, audioMilliseconds)
    self.answerCount = max(1, answerCount)
  }
}
