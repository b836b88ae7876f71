// Whether an answer is streamed, and what its stream ends with. The same in OpenAI's endpoints.

/// `stream` and `stream_options`.
struct StreamFields {
  let isStreamed: Bool
  /// Whether a stream ends with a chunk of usage.
  let includesUsage: Bool

  init(_ fields: inout RequestFields, isStrict: Bool) throws(APIError) {
    isStreamed = try fields.bool("stream") ?? false
    guard var options = try fields.fields("stream_options") else {
      includesUsage = false
      return
    }
    guard isStreamed else {
      throw fields.invalid("stream_options", "invalid_value", "needs 'stream' to be true")
    }
    includesUsage = try options.bool("include_usage") ?? false
    // Padding that hides lengths: there is none here, so either answer is honoured.
    _ = try options.bool("include_obfuscation")
    if isStrict { try options.refuseUnknown() }
  }
}
