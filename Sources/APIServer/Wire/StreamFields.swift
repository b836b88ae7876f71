// Whether an answer is streamed, and what it ends with. The same in OpenAI's endpoints.

/// `stream`, `stream_options` and `usage`.
struct StreamFields {
  let isStreamed: Bool
  /// Whether a stream ends with a chunk of usage.
  let includesUsage: Bool
  /// Whether usage tells what the request costs: `usage.include`, which is OpenRouter's. Then a stream ends
  /// with it too.
  let tellsCost: Bool

  init(_ fields: inout RequestFields) throws(APIError) {
    isStreamed = try fields.bool("stream") ?? false
    if var usage = try fields.fields("usage") {
      tellsCost = try usage.bool("include") ?? false
      try usage.end()
    } else {
      tellsCost = false
    }
    guard var options = try fields.fields("stream_options") else {
      includesUsage = tellsCost
      return
    }
    guard isStreamed else {
      throw fields.invalid("stream_options", "invalid_value", "needs 'stream' to be true")
    }
    includesUsage = try options.bool("include_usage") ?? false || tellsCost
    // Padding that hides lengths: there is none here, so either answer is honoured.
    _ = try options.bool("include_obfuscation")
    try options.end()
  }
}
