// GET /v1/organization/usage/… and /v1/organization/costs: what all keys of the account used, in
// the shapes of OpenAI's reports.

import Hummingbird
import JSON
import Metering

enum OrganizationUsage {
  /// A report on one kind of work.
  private enum Report: String, CaseIterable {
    case completions, embeddings
    case audioTranscriptions = "audio_transcriptions"

    var kinds: Set<RequestKind> {
      switch self {
      case .completions: [.chat, .completion, .rerank]
      case .embeddings: [.embedding]
      case .audioTranscriptions: [.transcription]
      }
    }

    /// What OpenAI's report says of so much.
    func members(_ sums: LedgerSums) -> JSONObject {
      var members: JSONObject = ["object": .string("organization.usage.\(rawValue).result")]
      switch self {
      case .completions:
        members["input_tokens"] = .integer(sums.usage.promptTokens)
        members["output_tokens"] = .integer(sums.usage.completionTokens)
        members["input_cached_tokens"] = .integer(sums.usage.cachedPromptTokens)
        members["input_audio_tokens"] = 0
        members["output_audio_tokens"] = 0
        members["output_reasoning_tokens"] = .integer(sums.usage.reasoningTokens)
      case .embeddings:
        members["input_tokens"] = .integer(sums.usage.promptTokens)
      case .audioTranscriptions:
        members["seconds"] = .integer((sums.usage.audioMilliseconds + 999) / 1000)
      }
      members["num_model_requests"] = .integer(sums.requests)
      members["project_id"] = .null
      members["user_id"] = .null
      return members
    }
  }

  /// One route for each report.
  static let usage: [Route] = Report.allCases.map { report in
    Route(method: .get, path: "/v1/organization/usage/\(report.rawValue)") { exchange, _ in
      let query = QueryFields(exchange.request)
      return .json(
        try await exchange.withLedger(.readUsage) { ledger in
          let buckets = try UsageBuckets(
            query, widths: [.hour, .day], groups: [.key, .model], now: ledger.now)
          let parts = try ledger.store.usage(buckets.query(ledger, kinds: report.kinds))
          let names = try OwnNames(ledger)
          return buckets.page { bucket in
            buckets.grouped(parts.filter { $0.bucket == bucket }).map { part, sums in
              var members = report.members(sums)
              members["api_key_id"] = buckets.isGrouped(by: .key) ? names[part.key] : .null
              members["model"] = buckets.isGrouped(by: .model) ? names[part.model] : .null
              if report == .completions { members["batch"] = .null }
              return members
            }
          }
        })
    }
  }

  /// What was charged, by day; by model and unit where that is asked for.
  static let costs = Route(method: .get, path: "/v1/organization/costs") { exchange, _ in
    let query = QueryFields(exchange.request)
    return .json(
      try await exchange.withLedger(.readUsage) { ledger in
        let buckets = try UsageBuckets(
          query, widths: [.day], groups: [.lineItem], most: 180, now: ledger.now)
        let parts = try ledger.store.usage(buckets.query(ledger, kinds: nil))
        let lists = Dictionary(
          uniqueKeysWithValues: try ledger.store.priceLists().map { ($0.id, $0.prices) })
        let names = try OwnNames(ledger)
        return buckets.page { bucket in
          var items: [String: MoneySum] = [:]
          for part in parts where part.bucket == bucket {
            guard buckets.isGrouped(by: .lineItem) else {
              items["", default: .zero] += part.sums.cost
              continue
            }
            guard let prices = lists[part.price] else { continue }
            for (title, cost) in part.sums.costs(at: prices) {
              let item = "\(names[part.model].stringValue ?? "-"), \(title)"
              items[item, default: .zero] += cost
            }
          }
          return items.sorted { $0.key < $1.key }.map { item, cost in
            [
              "object": "organization.costs.result",
              "amount": [
                "value": .euros(cost), "currency": "eur", "exact": .string(cost.description),
              ],
              "line_item": item.isEmpty ? .null : .string(item), "project_id": .null,
            ]
          }
        }
      })
  }
}

extension UsageBuckets {
  /// The parts of a bucket put together as far as nobody asked to tell them apart; one empty group
  /// is no result.
  fileprivate func grouped(_ parts: [UsagePart]) -> [(UsagePart, LedgerSums)] {
    var groups: [(part: UsagePart, sums: LedgerSums)] = []
    for part in parts {
      let place = groups.firstIndex {
        (!isGrouped(by: .key) || $0.part.key == part.key)
          && (!isGrouped(by: .model) || $0.part.model == part.model)
      }
      if let place {
        groups[place].sums = groups[place].sums.adding(part.sums)
      } else {
        groups.append((part, part.sums))
      }
    }
    return groups
  }
}

/// How an account calls its keys and the server its models.
private struct OwnNames {
  private let keys: [KeyID: KeyName]
  private let models: [ModelID: ShortName]

  init(_ ledger: OwnLedger) throws {
    keys = Dictionary(
      uniqueKeysWithValues: try ledger.store.keys().filter { $0.account == ledger.account }
        .map { ($0.id, $0.name) })
    models = try ledger.store.modelNames()
  }

  subscript(key: KeyID) -> JSONValue { keys[key].map { .string("\($0)") } ?? .null }
  subscript(model: ModelID) -> JSONValue { models[model].map { .string($0.text) } ?? .null }
}
