// Usage as answers show it: the very numbers that the request's lease was settled with.

import JSON
import Metering

extension AnswerEnd {
  /// The `usage` object, with what the request costs where that is asked for: as a number, which
  /// clients of OpenRouter read, and as text, which is exact.
  func wireUsage(tellsCost: Bool) -> [UInt8] {
    var bytes = usage.wireBytes
    guard tellsCost else { return bytes }
    bytes.removeLast()
    bytes += ",\"cost\":\(JSONValue.euros(cost).serialized()),\"cost_eur\":\"\(cost)\"}".utf8
    return bytes
  }
}

extension TokenUsage {
  /// The `usage` object. Cached tokens are part of the prompt, reasoning is part of the completion.
  var wireBytes: [UInt8] {
    let text = """
      {"prompt_tokens":\(promptTokens),"completion_tokens":\(completionTokens),\
      "total_tokens":\(promptTokens + completionTokens),\
      "prompt_tokens_details":{"cached_tokens":\(cachedPromptTokens),"cache_write_tokens":0},\
      "completion_tokens_details":{"reasoning_tokens":\(reasoningTokens)}}
      """
    return Array(text.utf8)
  }
}
