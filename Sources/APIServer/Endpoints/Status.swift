// GET /status and /status.json: how the server is, in numbers that everybody may see.

import Hummingbird
import JSON
import Metering
import NIOCore

enum Status {
  static let document = Route(
    method: .get, path: "/status.json", aliases: ["/v1/status"], access: .open
  ) { exchange, _ in
    let backend = exchange.backend
    return .json([
      "status": backend.isDraining ? "draining" : "ok",
      "uptime_seconds": .integer(backend.uptimeSeconds),
      "requests_running": .integer(Int64(backend.activity.running)),
      "answers_pending": .integer(Int64(backend.pendingCount)),
      "models": .integer(Int64(backend.models.count)),
    ])
  }

  static let page = Route(method: .get, path: "/status", access: .open) { exchange, _ in
    let backend = exchange.backend
    let text = """
      Apus \(backend.isDraining ? "finishes what it has begun, and then stops." : "is well.")

        up                \(backend.uptimeSeconds) s
        requests running  \(backend.activity.running)
        answers pending   \(backend.pendingCount)
        models            \(backend.models.count)

      """
    return Response(
      status: .ok, headers: [.contentType: "text/plain; charset=utf-8"],
      body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
  }
}

extension Backend {
  fileprivate var uptimeSeconds: Int64 {
    max(0, MeterClock.system.wallMilliseconds() / 1000 - created)
  }

  /// Answers that wait for an engine or are computed by it.
  fileprivate var pendingCount: Int { models.reduce(0) { $0 + $1.pendingCount } }
}
