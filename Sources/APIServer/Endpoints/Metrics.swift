// GET /metrics: what the server counts, for Prometheus. Served to whoever runs the server, on a
// listener of its own unless they say otherwise.

import Hummingbird
import NIOCore

enum Metrics {
  static let route = Route(method: .get, path: "/metrics", access: .open) { exchange, _ in
    Response(
      status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
      body: ResponseBody(byteBuffer: ByteBuffer(string: exchange.backend.metricsPage)))
  }
}
