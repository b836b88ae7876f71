// Usage as answers show it: the very numbers that the request's lease was settled with.

import JSON
import Metering

extension TokenUsage {
  /// The `usage` object. Cached tokens are part of the prompt, reasoning is part of the completion.
  var wireObject: JSONObject {
    [
      "prompt_tokens": .integer(promptTokens),
      "completion_tokens": .integer(completionTokens),
      "total_tokens": .integer(promptTokens + completionTokens),
      "prompt_tokens_details": ["cached_tokens": .integer(cachedPromptTokens)],
      "completion_tokens_details": ["reasoning_tokens": .integer(reasoningTokens)],
    ]
  }
}
