// Usage as answers show it: the very numbers that the request's lease was settled with.

import Metering

extension TokenUsage {
  /// The `usage` object. Cached tokens are part of the prompt, reasoning is part of the completion.
  var wireBytes: [UInt8] {
    let text = """
      {"prompt_tokens":\(promptTokens),"completion_tokens":\(completionTokens),\
      "total_tokens":\(promptTokens + completionTokens),\
      "prompt_tokens_details":{"cached_tokens":\(cachedPromptTokens)},\
      "completion_tokens_details":{"reasoning_tokens":\(reasoningTokens)}}
      """
    return Array(text.utf8)
  }
}
