// GET /health: whether the server answers. Models are loaded before it listens, so it does.

import Hummingbird

enum Health {
  static let route = Route(
    method: .get, path: "/health", aliases: ["/v1/health"], requiresKey: false
  ) { _, _ in .json(["status": "ok"]) }
}
