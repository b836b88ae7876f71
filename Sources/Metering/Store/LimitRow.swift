// Limits as rows of `limit_rule`.

import GRDB

/// How a rule of limits is written and read.
enum LimitRow {
  /// `scope_kind` of a key's own limits.
  static let kindOfKeys: Int64 = 1
  private static let kindOfAccounts: Int64 = 2
  private static let kindOfModels: Int64 = 3

  /// The numbers that name a scope in the database, `model` being 0 where it holds at all of them; nil
  /// for an address, which has no row.
  static func numbers(of scope: LimitScope) -> (kind: Int64, id: Int64, model: Int64)? {
    switch scope {
    case .key(let key): (kindOfKeys, key.rawValue, 0)
    case .account(let account): (kindOfAccounts, account.rawValue, 0)
    case .model(let model): (kindOfModels, model.rawValue, 0)
    case .keyAtModel(let key, let model): (kindOfKeys, key.rawValue, model.rawValue)
    case .accountAtModel(let account, let model):
      (kindOfAccounts, account.rawValue, model.rawValue)
    case .address: nil
    }
  }

  /// The scope that these numbers name; nil where they mean nothing to this version.
  static func scope(kind: Int64, id: Int64, model: Int64 = 0) -> LimitScope? {
    let at = ModelID(rawValue: model)
    return switch (kind, model) {
    case (kindOfKeys, 0): .key(KeyID(rawValue: id))
    case (kindOfKeys, _): .keyAtModel(KeyID(rawValue: id), at)
    case (kindOfAccounts, 0): .account(AccountID(rawValue: id))
    case (kindOfAccounts, _): .accountAtModel(AccountID(rawValue: id), at)
    case (kindOfModels, 0): .model(ModelID(rawValue: id))
    default: nil
    }
  }

  /// How the audit trail calls a scope.
  static func name(of scope: LimitScope) -> String {
    switch scope {
    case .key(let key): "key number \(key.rawValue)"
    case .account(let account): "account \(account.rawValue)"
    case .model(let model): "model \(model.rawValue)"
    case .keyAtModel(let key, let model): name(of: .key(key)) + ", " + name(of: .model(model))
    case .accountAtModel(let account, let model):
      name(of: .account(account)) + ", " + name(of: .model(model))
    case .address: "addresses"
    }
  }

  /// Writes the limits of a scope; addresses have none of their own in the database.
  static func write(_ rule: LimitRule, scope: LimitScope, to db: Database) throws {
    guard let (kind, id, model) = numbers(of: scope) else { return }
    try db.execute(
      sql: """
        INSERT INTO limit_rule (scope_kind, scope_id, model_id, rpm, rpm_burst, itpm, itpm_burst,
          otpm, otpm_burst, tpm, tpm_burst, parallel, version)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)
        ON CONFLICT (scope_kind, scope_id, model_id) DO UPDATE SET rpm = excluded.rpm,
          rpm_burst = excluded.rpm_burst, itpm = excluded.itpm, itpm_burst = excluded.itpm_burst,
          otpm = excluded.otpm, otpm_burst = excluded.otpm_burst, tpm = excluded.tpm,
          tpm_burst = excluded.tpm_burst, parallel = excluded.parallel, version = version + 1
        """,
      arguments: [
        kind, id, model, rule.requests?.perMinute, rule.requests?.burst,
        rule.inputTokens?.perMinute,
        rule.inputTokens?.burst, rule.outputTokens?.perMinute, rule.outputTokens?.burst,
        rule.tokens?.perMinute, rule.tokens?.burst, rule.parallel,
      ])
  }

  /// The limits in a joined row, nil where it has none.
  static func read(_ row: Row) -> LimitRule? {
    guard (row["version"] as Int64?) != nil else { return nil }
    func limit(_ name: String) -> RateLimit? {
      guard let perMinute = row[name] as Int64?, let burst = row["\(name)_burst"] as Int64? else {
        return nil
      }
      return RateLimit(perMinute: perMinute, burst: burst)
    }
    return LimitRule(
      requests: limit("rpm"), inputTokens: limit("itpm"), outputTokens: limit("otpm"),
      tokens: limit("tpm"), parallel: row["parallel"])
  }
}
