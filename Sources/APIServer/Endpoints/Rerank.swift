// POST /v1/rerank: no model that is served can rank, and whoever asks is told so.

import Hummingbird

enum Rerank {
  static let route = Route(
    method: .post, path: "/v1/rerank", aliases: ["/rerank", "/v1/reranking", "/reranking"],
    asksModel: true
  ) { exchange, _ in
    try await exchange.withJSONBody { body throws in
      var fields = try RequestFields(body: body)
      if let name = try fields.string("model") { _ = try exchange.model(named: name) }
      throw APIError.invalid(
        "model", "model_cannot_rerank",
        "No model that is served here has a rank head; ask a server that serves a reranker.")
    }
  }
}
