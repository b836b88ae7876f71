// Everything that can be kept of a request, one case a column, with what it may be used for.

/// What a field may be used for.
package enum Purpose: String, Sendable, CaseIterable {
  case operation, billing, monitoring, abuse
}

/// One fact about a request. The raw value is the name of its column.
package enum MetadataField: String, Sendable, CaseIterable {
  case number = "seq"
  case requestID = "request_id"
  case started = "started_ms"
  case settled = "settled_ms"
  case account = "account_id"
  case key = "key_id"
  case model = "model_id"
  case kind = "kind"
  case inputTokens = "in_tok"
  case cachedTokens = "cached_tok"
  case outputTokens = "out_tok"
  case reasoningTokens = "reason_tok"
  case audio = "audio_ms"
  case price = "price_id"
  case cost = "cost_p"
  case billable = "billable"
  case role = "role"
  case status = "status"
  case httpStatus = "http"
  case firstToken = "ttft_us"
  case latency = "latency_us"
  case address = "ip"
  case agent = "agent"

  /// Without these nobody can be billed, so every profile has them.
  package static let billingCore: [MetadataField] = [
    .number, .requestID, .started, .settled, .account, .key, .model, .kind, .inputTokens,
    .cachedTokens, .outputTokens, .reasoningTokens, .audio, .price, .cost, .billable,
  ]

  /// What says something about a person's machine. It stands apart, in a file for each day.
  package static let personal: [MetadataField] = [.address, .agent]

  /// What it may be used for. An export names its purpose and gets nothing else.
  package var purposes: Set<Purpose> {
    switch self {
    case .number, .requestID, .started, .settled, .account, .key, .model, .kind, .inputTokens,
      .outputTokens:
      [.operation, .billing, .monitoring, .abuse]
    case .cachedTokens, .reasoningTokens, .audio, .billable: [.operation, .billing, .monitoring]
    case .price, .cost: [.billing]
    case .role: [.operation, .abuse]
    case .status, .httpStatus: [.operation, .monitoring, .abuse]
    case .firstToken, .latency: [.operation, .monitoring]
    case .address: [.abuse]
    case .agent: [.operation, .abuse]
    }
  }
}
