// Answers of a model that this process runs.

import Transformer

/// Answers with an engine.
struct EngineAnswerer: Answerer {
  let engine: Engine
  let sampling: SamplingOptions
  /// Of one answer; nil: to the end of the context.
  let maxTokens: Int?

  func answer(
    _ messages: [ChatMessage], _ interrupts: Interrupts, say: @escaping @Sendable (String) -> Void
  ) async throws -> Reply {
    var request = GenerationRequest(prompt: try engine.model.prompt(messages))
    request.sampling = sampling
    // What was read and said stays known for the next turn: without an owner nothing is remembered.
    request.owner = "chat"
    request.maxTokens = maxTokens
    let generation: Generation
    do {
      generation = try engine.generate(request)
    } catch EngineError.promptTooLong(let tokens, let contextLength) {
      throw ConversationTooLong(
        explanation: "The conversation has \(tokens) tokens now and the context holds "
          + "\(contextLength): /reset begins anew, or start with a larger --context.")
    }
    var reply = Reply()
    try await interrupts.during({ generation.cancel() }) {
      for try await event in generation {
        switch event {
        case .token(let token):
          reply.text += token.text
          say(token.text)
        case .finished(let summary):
          reply.text += summary.text
          say(summary.text)
          reply.statistics = speedText(summary)
          reply.isCutOff = summary.finishReason == .length
        }
      }
    }
    return reply
  }
}

/// Tokens and speeds of a generation, in a line.
func speedText(_ summary: GenerationSummary) -> String {
  let known = summary.cachedPromptTokenCount
  let read = summary.promptTokenCount - known
  let prefill = Double(read) / (summary.promptDuration / .seconds(1))
  // The first token comes out of the prompt's last row.
  let steps = summary.generatedTokenCount - 1
  let decode = Double(steps) / (summary.decodeDuration / .seconds(1))
  return "\(read) tokens read (\(decimal(prefill, 1)) t/s), "
    + (known > 0 ? "\(known) known before, " : "")
    + "\(summary.generatedTokenCount) written"
    + (steps > 0 ? " (\(decimal(decode, 1)) t/s)" : "")
}
