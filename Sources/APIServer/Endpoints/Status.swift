// GET /status and /status.json: how the server is, for everybody to see. Whether models answer is
// what probes found; availability is measured, and none is promised.

import Hummingbird
import JSON
import Metering
import NIOCore

enum Status {
  /// Incidents stay on the page for so long after their end, and notices.
  private static let logMilliseconds: Int64 = 90 * 86_400_000

  static let document = Route(
    method: .get, path: "/status.json", aliases: ["/v1/status"], access: .open
  ) { exchange, _ in
    let backend = exchange.backend
    return .json([
      "status": .string(backend.condition), "all_online": .bool(backend.isAllOnline),
      "uptime_seconds": .integer(backend.uptimeSeconds),
      "requests_running": .integer(Int64(exchange.othersRunning)),
      "answers_pending": .integer(Int64(backend.pendingCount)),
      "models": .integer(Int64(backend.models.count)),
      "services": .array(backend.models.indices.map { .object(service($0, backend)) }),
      "region": backend.configuration.region.map { .string($0) } ?? .null,
      "privacy": .object(backend.configuration.privacyStatus),
      "kept": backend.meter.map { .object($0.published) } ?? .null,
      "incidents": .array(backend.incidents(within: logMilliseconds).map { .object($0) }),
      "notices": .array(
        backend.notices(within: logMilliseconds).map {
          [
            "title": .string($0.title), "body": .string($0.body),
            "at": .string("\(CivilTime($0.atMilliseconds))"),
          ]
        }),
    ])
  }

  static let page = Route(method: .get, path: "/status", access: .open) { exchange, _ in
    let backend = exchange.backend
    let services = backend.models.indices.map { place -> String in
      let name = backend.models[place].name
      let month = backend.health.availability(of: place)?.month
      return "  \(name): \(backend.health.condition(of: place).rawValue)"
        + (month?.sentence.map { ", \($0)" } ?? "")
    }
    let incidents = backend.incidents(within: logMilliseconds).map { incident in
      "  " + incident.compactMap { $0.value.stringValue }.joined(separator: "  ")
    }
    let notices = backend.notices(within: logMilliseconds).map { notice in
      // Below its title, and no line of it looks like one of the page's own.
      (["  \(CivilTime(notice.atMilliseconds))  \(notice.title)"]
        + notice.body.split(whereSeparator: \.isNewline).map { "    " + $0 })
        .joined(separator: "\n")
    }
    let text = """
      \(backend.headline)

      \(services.joined(separator: "\n"))

        up                \(backend.uptimeSeconds) s
        requests running  \(exchange.othersRunning)
        answers pending   \(backend.pendingCount)
        models            \(backend.models.count)
        region            \(backend.configuration.region ?? "not said")

      Incidents of the last 90 days: \(incidents.isEmpty ? "none" : "")
      \(incidents.joined(separator: "\n"))

      Notices of the last 90 days: \(notices.isEmpty ? "none" : "")
      \(notices.joined(separator: "\n"))
      """
    return Response(
      status: .ok, headers: [.contentType: "text/plain; charset=utf-8"],
      body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
  }

  /// Browsers ask for it beside a page of plain text, which cannot say that there is none.
  static let icon = Route(method: .get, path: "/favicon.ico", access: .open) { _, _ in
    Response(status: .noContent, headers: [.cacheControl: "max-age=86400"])
  }

  private static func service(_ place: Int, _ backend: Backend) -> JSONObject {
    let availability = backend.health.availability(of: place)
    return [
      "model": .string(backend.models[place].name),
      "state": .string(backend.health.condition(of: place).rawValue),
      "probed_ms": backend.health.finding(of: place).map { .integer($0.wallMilliseconds) } ?? .null,
      "availability_1d": availability?.day.percent.map { .string($0) } ?? .null,
      "availability_30d": availability?.month.percent.map { .string($0) } ?? .null,
      "measured_30d_seconds": .integer((availability?.month.measured ?? 0) / 1000),
    ]
  }
}

extension Exchange {
  /// The requests that run beside this one.
  fileprivate var othersRunning: Int { backend.activity.running - (isTaken ? 1 : 0) }
}

extension Server.Configuration {
  /// What keeps the memory of the process to itself.
  fileprivate var privacyStatus: JSONObject {
    var status: JSONObject = ["mode": .string(privacy.rawValue)]
    for measure in privacyMeasures { status[measure.name] = .bool(measure.isKept) }
    return status
  }
}

extension Meter {
  /// What is kept of requests, and for how long.
  fileprivate var published: JSONObject {
    let periods = retention
    return [
      "metadata_profile": .string(store.profile.rawValue),
      "request_months": .integer(periods.eventMonths),
      "audit_months": .integer(periods.auditMonths),
      "client_days": store.profile.names(.agent) || store.profile.names(.address)
        ? .integer(periods.clientDays) : 0,
      "address_days": store.profile.names(.address) ? .integer(periods.addressDays) : 0,
    ]
  }
}

extension Availability {
  /// With three digits behind the point, rounded down; nil where nothing was measured.
  fileprivate var percent: String? {
    partsPerMillion.map { parts in
      "\(parts / 10_000)." + String("\(10_000 + parts % 10_000)".dropFirst().prefix(3))
    }
  }

  /// For people, who shall not take an hour for a month; nil where nothing was measured.
  fileprivate var sentence: String? {
    percent.map { percent in
      let seconds = measured / 1000
      let units: [(seconds: Int64, word: String)] = [(86_400, "days"), (3600, "h"), (60, "min")]
      let unit = units.first { seconds >= 2 * $0.seconds } ?? (1, "s")
      let span = "\(seconds / unit.seconds) \(unit.word)"
      return "there \(percent) % of the time measured in the last 30 days (\(span))"
    }
  }
}

extension Backend {
  private var conditions: [ServiceHealth.Condition] {
    models.indices.map { health.condition(of: $0) }
  }

  /// Whether the newest probe of every model was answered, or found it ready to be loaded, and the
  /// server takes requests.
  fileprivate var isAllOnline: Bool {
    !refusesAll && conditions.allSatisfy { $0 == .online || $0 == .standby }
  }

  /// One word for programs. Without probes a server that answers is well as far as anybody knows.
  fileprivate var condition: String {
    if refusesAll { return "draining" }
    return conditions.contains(.failing) ? "failing" : "ok"
  }

  /// One sentence for people.
  fileprivate var headline: String {
    if isDraining { return "The server finishes what it has begun, and then stops." }
    if refusesAll { return "The server takes no new requests just now." }
    if conditions.contains(.failing) { return "Not all services are online." }
    return isAllOnline ? "All services are online." : "The server is well."
  }

  /// What happened to the service: nothing about single accounts.
  fileprivate func incidents(within span: Int64) -> [JSONObject] {
    let now = MeterClock.system.wallMilliseconds()
    let all = meter?.incidents ?? []
    return all.filter { $0.account == nil && ($0.endedMilliseconds ?? now) > now - span }
      .prefix(100).map { incident in
        let model = models.first { $0.recordID == incident.model }?.name
        return [
          "what": .string("\(incident.measure)"), "model": model.map { .string($0) } ?? .null,
          "from": .string("\(CivilTime(incident.startedMilliseconds))"),
          "until": incident.endedMilliseconds.map { .string("\(CivilTime($0))") } ?? .null,
        ]
      }
  }

  /// What was told to everybody: nothing that concerns single accounts.
  fileprivate func notices(within span: Int64) -> [NoticeRecord] {
    guard let meter else { return [] }
    return meter.noticesToEverybody.filter { $0.atMilliseconds > meter.wallMilliseconds - span }
  }

  fileprivate var uptimeSeconds: Int64 {
    max(0, MeterClock.system.wallMilliseconds() / 1000 - created)
  }

  /// Answers that wait for an engine or are computed by it.
  fileprivate var pendingCount: Int { models.reduce(0) { $0 + $1.pendingCount } }
}
