// What the choices of an answer came to, and how the answer ends by them.

import Metering
import Transformer

/// What one choice came to.
struct ChoiceEnd {
  /// The engine's own account; nil where it gave none.
  var summary: GenerationSummary?
  var reasoningTokens = 0
  /// Whether there are calls, all of them whole.
  var hasCalls = false
  private var likelihoodSum = 0.0
  private var likelihoodCount = 0

  /// Adds a token whose likelihood was told.
  mutating func note(_ likelihood: TokenLikelihood) {
    likelihoodSum += Double(likelihood.chosen.logProbability)
    likelihoodCount += 1
  }

  /// Of the tokens whose likelihood was told.
  var meanLikelihood: Double {
    likelihoodCount == 0 ? 0 : likelihoodSum / Double(likelihoodCount)
  }

  var stopText: String? {
    if case .text(let text)? = summary?.stopCause { text } else { nil }
  }

  /// Why the choice ended.
  func finish(isBudgetSpent: Bool) -> AnswerFinish {
    if summary?.finishReason == .stop { return hasCalls ? .toolCalls : .stop }
    return isBudgetSpent || summary?.finishReason == .length ? .length : .stop
  }
}

extension AnswerEnd {
  init(_ charge: Charge, _ ends: [ChoiceEnd], isBudgetSpent: Bool) {
    self.init(
      usage: charge.usage, finishes: ends.map { $0.finish(isBudgetSpent: isBudgetSpent) },
      cost: charge.cost, stopTexts: ends.map(\.stopText), isBudgetSpent: isBudgetSpent,
      likelihoods: ends.map(\.meanLikelihood))
  }
}
