// GET /health: whether the server takes requests. Models are loaded before it listens, so it does
// until it is told to stop, or to take none.

import Hummingbird

enum Health {
  static let route = Route(
    method: .get, path: "/health", aliases: ["/v1/health"], access: .open, runsOnEventLoop: true
  ) { exchange, _ in
    if exchange.backend.refusesAll { throw APIError.draining }
    return .json(["status": "ok"])
  }
}
