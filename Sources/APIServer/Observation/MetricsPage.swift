// The counters in Prometheus' text format, version 0.0.4.

import Transformer

/// Collects lines of the format.
struct MetricsPage {
  private(set) var text = ""

  /// One metric: its description, its type, and a line for each set of labels.
  mutating func add(
    _ name: String, _ type: String, _ help: String, _ values: [(labels: String, value: String)]
  ) {
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
    for (labels, value) in values {
      text += labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels)} \(value)\n"
    }
  }

  mutating func add(_ name: String, _ type: String, _ help: String, _ value: some BinaryInteger) {
    add(name, type, help, [("", "\(value)")])
  }

  mutating func add(_ name: String, _ help: String, _ histogram: Histogram) {
    text += "# HELP \(name) \(help)\n# TYPE \(name) histogram\n"
    var count = 0
    for (bound, more) in zip(histogram.bounds.map { "\($0)" } + ["+Inf"], histogram.counts) {
      count += more
      text += "\(name)_bucket{le=\"\(bound)\"} \(count)\n"
    }
    text += "\(name)_sum \(histogram.sum)\n\(name)_count \(count)\n"
  }

  /// A label's value: quotes, backslashes and line ends are escaped.
  static func label(_ name: String, _ value: String) -> String {
    let escaped = value.unicodeScalars.reduce(into: "") { escaped, scalar in
      switch scalar {
      case "\\": escaped += "\\\\"
      case "\"": escaped += "\\\""
      case "\n": escaped += "\\n"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return "\(name)=\"\(escaped)\""
  }
}

extension Backend {
  /// The page as it stands now.
  var metricsPage: String {
    let counts = metrics.counts
    var page = MetricsPage()
    page.add(
      "apus_requests_total", "counter", "Requests by route and status.",
      counts.requests.sorted { ($0.key.route, $0.key.status) < ($1.key.route, $1.key.status) }
        .map { kind, count in
          (MetricsPage.label("route", kind.route) + ",status=\"\(kind.status)\"", "\(count)")
        })
    page.add(
      "apus_requests_joined_total", "counter",
      "Requests that shared the answer of another by their Idempotency-Key.", counts.joined)
    page.add(
      "apus_requests_running", "gauge", "Requests that are being answered.", activity.running)
    page.add("apus_draining", "gauge", "Whether new requests are refused.", refusesAll ? 1 : 0)
    page.add(
      "apus_engine_pending", "gauge", "Answers that wait for an engine or are computed by it.",
      models.map { (MetricsPage.label("model", $0.name), "\($0.pendingCount)") })
    for (name, type, help, value) in Self.engineMetrics {
      page.add(
        "apus_engine_" + name, type, help,
        models.map { model in
          (MetricsPage.label("model", model.name), "\(model.statistics[keyPath: value])")
        })
    }
    page.add(
      "apus_connections", "gauge", "Open connections.", connections.total)
    if let meter {
      // A request that is admitted and never settled would keep its reservation.
      page.add(
        "apus_meter_leases", "gauge", "Requests that are admitted and not settled.",
        meter.outstanding)
      page.add(
        "apus_meter_oldest_lease_seconds", "gauge", "For how long the oldest of them has run.",
        meter.longestOutstanding.components.seconds)
      page.add(
        "apus_meter_waiting_rows", "gauge", "Rows of usage that are not on the disk yet.",
        meter.waitingRowCount)
      page.add(
        "apus_meter_unrecorded_requests_total", "counter",
        "Requests that left no row, because the disk refused; 0 without fail-open.",
        meter.unrecordedCount)
      if let reconciliation = meter.reconciliation {
        page.add(
          "apus_meter_broken_months", "gauge",
          "Months whose requests and rollups do not add up to the same; 0 unless the ledger is broken.",
          reconciliation.brokenMonths.count)
        page.add(
          "apus_meter_faulty_drafts", "gauge",
          "Bills that do not add up, or differ from their months; apus meter doctor names them.",
          reconciliation.draftFaults.count)
        page.add(
          "apus_meter_reconciled_time_seconds", "gauge", "When that was looked at, since 1970.",
          reconciliation.atMilliseconds / 1000)
      }
    }
    let usage = counts.usage
    page.add(
      "apus_prompt_tokens_total", "counter", "Tokens of prompts.", usage.promptTokens)
    page.add(
      "apus_cached_prompt_tokens_total", "counter", "Tokens of prompts that a cache had.",
      usage.cachedPromptTokens)
    page.add(
      "apus_prefix_hits_total", "counter", "Answers that found a part of their prompt in a cache.",
      counts.prefixHits)
    page.add(
      "apus_completion_tokens_total", "counter", "Generated tokens.", usage.completionTokens)
    page.add(
      "apus_reasoning_tokens_total", "counter", "Generated tokens that were reasoning.",
      usage.reasoningTokens)
    page.add(
      "apus_audio_milliseconds_total", "counter", "Sound that was written down.",
      usage.audioMilliseconds)
    page.add(
      "apus_time_to_first_token_seconds", "From arrival to the first token.", counts.firstToken)
    page.add(
      "apus_inter_token_seconds", "From one token to the next.", counts.betweenTokens)
    page.add("apus_request_seconds", "From arrival to the end.", counts.whole)
    page.add(
      "apus_start_time_seconds", "gauge", "When the server was set up, since 1970.", created)
    return page.text
  }

  private typealias EngineMetric = (
    name: String, type: String, help: String, value: KeyPath<EngineStatistics, Int> & Sendable
  )

  private static let engineMetrics: [EngineMetric] = [
    ("waiting", "gauge", "Answers that wait for an engine.", \.waitingCount),
    ("running", "gauge", "Answers that an engine computes.", \.runningCount),
    ("slots", "gauge", "Answers that an engine can compute side by side.", \.slotCount),
    ("page_bytes", "gauge", "One page of keys and values.", \.pageBytes),
    ("memory_bytes", "gauge", "Memory for keys and values.", \.memoryBytes),
    ("memory_used_bytes", "gauge", "Memory for keys and values in use.", \.usedMemoryBytes),
    ("prefix_bytes", "gauge", "Memory that only remembered prefixes hold.", \.prefixBytes),
    ("steps_total", "counter", "Forward passes.", \.stepCount),
    ("set_back_total", "counter", "Answers that were computed again.", \.setBackCount),
    ("guessed_tokens_total", "counter", "Tokens that were guessed.", \.guessedTokenCount),
    ("right_guesses_total", "counter", "Guesses that were right.", \.rightGuessCount),
  ]

  var isDraining: Bool { activity.isDraining }

  /// Whether no new request is taken: the server stops, or the operator drains it.
  var refusesAll: Bool { isDraining || meter?.measures.isDrained == true }
}
