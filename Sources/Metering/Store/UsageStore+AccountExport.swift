// The right of a customer to have what is kept of them (Articles 15 and 20 of Regulation 2016/679).

import FoundationEssentials
import GRDB

/// Everything that is kept of an account, in a form for machines, and beside it for people: amounts
/// are pico-euro as their names say, and euros; times are milliseconds since 1970, and of RFC 3339
/// in UTC.
package struct AccountExport: Codable, Sendable {
  package struct Key: Codable, Sendable {
    /// As requests name it.
    package let number: Int64
    package let name: String
    package let label: String
    package let role: String
    /// Those that it may use; empty for all.
    package let models: [String]
    /// Its own; nil where nobody set any.
    package let limits: String?
    package let budget: Budget?
    package let createdMilliseconds: Int64
    package let created: String
    package let expiresMilliseconds: Int64?
    package let expires: String?
    package let isRevoked: Bool
    /// The day in UTC, as 2026-11-27; nil where it never was.
    package let lastUsed: String?
    package let addresses: [String]
  }

  /// What may be spent in a month.
  package struct Budget: Codable, Sendable {
    package let softPicoEuro: Int64?
    package let softEuro: String?
    package let hardPicoEuro: Int64?
    package let hardEuro: String?
  }

  package struct Request: Codable, Sendable {
    /// Its place among the requests of its month.
    package let number: Int64
    package let id: String
    package let startedMilliseconds: Int64
    package let started: String
    package let settledMilliseconds: Int64
    package let settled: String
    /// The number of the key.
    package let key: Int64
    package let model: String
    /// `chat`, `completion`, `embedding`, `transcription`, `rerank`.
    package let kind: String
    package let promptTokens: Int64
    package let cachedPromptTokens: Int64
    package let completionTokens: Int64
    package let reasoningTokens: Int64
    package let audioMilliseconds: Int64
    /// The number of the price list that it was charged by.
    package let price: Int64
    package let costPicoEuro: Int64
    package let costEuro: String
    package let isBillable: Bool
    /// What else the metadata profile names, by the name of its column.
    package let described: [String: String]
  }

  /// What an hour's requests came to whose rows were let go.
  package struct Hour: Codable, Sendable {
    package let startsMilliseconds: Int64
    package let starts: String
    /// The number of the key.
    package let key: Int64
    package let model: String
    package let kind: String
    package let price: Int64
    package let isBillable: Bool
    package let requests: Int64
    package let promptTokens: Int64
    package let cachedPromptTokens: Int64
    package let completionTokens: Int64
    package let reasoningTokens: Int64
    package let audioMilliseconds: Int64
    package let costPicoEuro: Int64
    package let costEuro: String
  }

  package struct Happening: Codable, Sendable {
    package let what: String
    package let atMilliseconds: Int64
    package let at: String
    package let text: String
  }

  package let account: Int64
  package let name: String
  package let state: String
  package let createdMilliseconds: Int64
  package let created: String
  package let party: Party?
  /// Whether the customer owes the tax.
  package let reverseCharge: Bool
  /// `prepaid` or `postpaid`.
  package let billingMode: String
  package let budget: Budget?
  package let members: [String]
  /// By address.
  package let memberRoles: [String: String]
  /// Of all its keys together; nil where nobody set any.
  package let limits: String?
  /// Of it or of one of its keys at one model, by `account` or the key's name and the model.
  package let limitsAtModels: [String: String]
  package let keys: [Key]
  package let invoices: [InvoiceDocument]
  package let requests: [Request]
  /// Of months whose requests were let go, oldest first.
  package let hours: [Hour]
  /// What else happened, oldest first: what it was told and warned of, what it accepted, paid and
  /// disputed, reminders of its invoices and incidents of its own.
  package let history: [Happening]

  /// JSON with sorted keys.
  package func encoded() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    return [UInt8](try encoder.encode(self))
  }
}

extension UsageStore {
  /// Gathers everything that is kept of an account.
  ///
  /// - Throws: ``UsageStoreError``: `notFound`.
  package func export(_ account: AccountID) throws(UsageStoreError) -> AccountExport {
    guard let record = try accounts().first(where: { $0.id == account }) else {
      throw UsageStoreError(.notFound, "no account has the number \(account.rawValue)")
    }
    let models = try modelNames()
    let lastUse = try lastUse()
    var requests: [AccountExport.Request] = []
    var personal = PersonalRows(store: self)
    for month in try months() {
      let rows = try events(of: month, "WHERE account_id = ? ORDER BY seq", [account.rawValue])
      for (number, row) in rows {
        requests.append(
          AccountExport.Request(
            number: number, id: row.requestID.description,
            startedMilliseconds: row.startedMilliseconds,
            started: timeText(row.startedMilliseconds),
            settledMilliseconds: row.settledMilliseconds,
            settled: timeText(row.settledMilliseconds), key: row.key.rawValue,
            model: models[row.model]?.text ?? "", kind: "\(row.kind)",
            promptTokens: row.usage.promptTokens,
            cachedPromptTokens: row.usage.cachedPromptTokens,
            completionTokens: row.usage.completionTokens,
            reasoningTokens: row.usage.reasoningTokens,
            audioMilliseconds: row.usage.audioMilliseconds, price: row.price.rawValue,
            costPicoEuro: row.cost.rawValue,
            costEuro: row.cost.description, isBillable: row.isBillable,
            described: row.described(
              beside: try personal.of(
                row.requestID, startedMilliseconds: row.startedMilliseconds))))
      }
    }
    let buyer = try buyer(of: account)
    let keys = try keys().filter { $0.account == account }
    let limits = try limits(includesKeys: false)
    func budget(_ scope: LimitScope) throws(UsageStoreError) -> AccountExport.Budget? {
      try self.budget(of: scope).map {
        AccountExport.Budget(
          softPicoEuro: $0.soft?.rawValue, softEuro: $0.soft?.description,
          hardPicoEuro: $0.hard?.rawValue, hardEuro: $0.hard?.description)
      }
    }
    return AccountExport(
      account: account.rawValue, name: record.name.text, state: "\(record.state)",
      createdMilliseconds: record.createdMilliseconds,
      created: timeText(record.createdMilliseconds), party: buyer?.party,
      reverseCharge: buyer?.reverseCharge ?? false, billingMode: "\(try mode(of: account))",
      budget: try budget(.account(account)),
      members: try members(of: account).map(\.email),
      memberRoles: Dictionary(
        uniqueKeysWithValues: try members(of: account).map { ($0.email, $0.role.word) }),
      limits: limits[.account(account)]?.rule.summary,
      limitsAtModels: limitsAtModels(limits, of: account, keys, models),
      keys: try keys.map { key throws(UsageStoreError) in
        AccountExport.Key(
          number: key.id.rawValue, name: "\(key.name)", label: key.label.text, role: key.role.word,
          models: key.models.compactMap { models[$0]?.text }.sorted(),
          limits: key.limits?.summary, budget: try budget(.key(key.id)),
          createdMilliseconds: key.createdMilliseconds,
          created: timeText(key.createdMilliseconds),
          expiresMilliseconds: key.expiresMilliseconds,
          expires: key.expiresMilliseconds.map(timeText), isRevoked: key.state == .revoked,
          lastUsed: lastUse[key.id]?.description,
          addresses: key.addresses.map(\.description))
      },
      invoices: try invoices(account: account).map(\.document), requests: requests,
      hours: try hoursLetGo(of: account, models), history: try history(of: account))
  }

  /// The rollups of an account's requests whose files were let go.
  private func hoursLetGo(
    of account: AccountID, _ models: [ModelID: ShortName]
  ) throws(UsageStoreError) -> [AccountExport.Hour] {
    let files = try months()
    return try read(doing: "read what is kept of requests that were let go") { db in
      try Row.fetchAll(
        db,
        sql: "SELECT * FROM rollup_kept WHERE account_id = ? AND "
          + Self.keptCondition(beside: files) + " ORDER BY hour",
        arguments: [account.rawValue]
      ).map { row in
        let (start, kind) = ((row["hour"] as Int64) * 3_600_000, row["kind"] as Int64)
        let cost = PicoEuro(rawValue: row["cost_p"])
        return AccountExport.Hour(
          startsMilliseconds: start, starts: timeText(start), key: row["key_id"],
          model: models[ModelID(rawValue: row["model_id"])]?.text ?? "",
          kind: RequestKind(rawValue: kind).map { "\($0)" } ?? "\(kind)", price: row["price_id"],
          isBillable: row["billable"], requests: row["requests"], promptTokens: row["in_tok"],
          cachedPromptTokens: row["cached_tok"], completionTokens: row["out_tok"],
          reasoningTokens: row["reason_tok"], audioMilliseconds: row["audio_ms"],
          costPicoEuro: cost.rawValue, costEuro: cost.description)
      }
    }
  }

  private func limitsAtModels(
    _ limits: [LimitScope: LimitRecord], of account: AccountID, _ keys: [KeyRecord],
    _ models: [ModelID: ShortName]
  ) -> [String: String] {
    var found: [String: String] = [:]
    for (scope, limits) in limits {
      switch scope {
      case .accountAtModel(account, let model):
        found["account at \(models[model]?.text ?? "")"] = limits.rule.summary
      case .keyAtModel(let id, let model):
        guard let key = keys.first(where: { $0.id == id }) else { continue }
        found["\(key.name) at \(models[model]?.text ?? "")"] = limits.rule.summary
      default: continue
      }
    }
    return found
  }
}

extension UsageRow {
  /// What a profile may name beside the billing core, by the name of its column.
  fileprivate func described(beside personal: [MetadataField: String]) -> [String: String] {
    var described: [String: String] = [:]
    for field in MetadataField.allCases where !MetadataField.billingCore.contains(field) {
      described[field.rawValue] = text(of: field) ?? personal[field]
    }
    return described
  }
}
