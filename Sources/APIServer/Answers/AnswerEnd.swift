// How an answer ended.

import Metering

/// Why a choice ended, as OpenAI's API calls it.
enum AnswerFinish: String, Sendable {
  /// The model was done, or a stop text came.
  case stop
  /// `max_tokens`, the context or the budget was used up.
  case length
  /// The model asks for functions to be called.
  case toolCalls = "tool_calls"
}

/// How an answer came to its natural end.
struct AnswerEnd: Sendable {
  /// What the request was settled with, and what the client is told.
  let usage: TokenUsage
  /// One for each choice.
  let finishes: [AnswerFinish]
  /// What the request costs.
  let cost: PicoEuro
  /// The text out of the request's stop texts that ended each, where one did.
  let stopTexts: [String?]
  /// Whether the last token that is paid for was generated before the answer was at its end.
  var isBudgetSpent = false
  /// The mean log-probability of the tokens of each, where they were told; else 0.
  var likelihoods: [Double] = []

  /// The value of a choice's `finish_reason` in JSON. OpenAI has no word for a budget that is spent: it
  /// stands behind, where other servers tell what ended an answer.
  func finishReason(of choice: Int) -> String {
    let reason = "\"\(finishes[choice].rawValue)\""
    guard isBudgetSpent, finishes[choice] == .length else { return reason }
    return reason + ",\"stop_reason\":\"budget\""
  }
}
