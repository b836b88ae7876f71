// The limits of keys, accounts and models as rows of `meter.db`. A running server follows them.

import GRDB

/// Limits that somebody set, and how often they have been changed.
package struct LimitRecord: Hashable, Sendable {
  package let rule: LimitRule
  /// 1 for the first rule of a scope, one more with each change.
  package let version: Int64
}

extension UsageStore {
  /// Sets the limits of a key, an account, a model, or of one of the first two at one model, in place of
  /// those it had; nil gives it back the server's defaults. It holds for the next request.
  ///
  /// - Throws: ``UsageStoreError``: `invalidLimit` for an address, which has no row.
  package func setLimits(
    _ rule: LimitRule?, for scope: LimitScope
  ) throws(UsageStoreError) {
    _ = try changeLimits(of: scope) { _ in rule }
  }

  /// Sets limits by those that there are: of two changes at a time neither undoes the other.
  ///
  /// - Parameter change: makes the limits out of those before; nil stands for the defaults.
  /// - Returns: what `change` has made.
  /// - Throws: as ``setLimits(_:for:)`` does, or what `change` throws.
  package func changeLimits(
    of scope: LimitScope, _ change: (LimitRule?) throws(UsageStoreError) -> LimitRule?
  ) throws(UsageStoreError) -> LimitRule? {
    guard let (kind, id, model) = LimitRow.numbers(of: scope) else {
      throw UsageStoreError(
        .invalidLimit, "limits belong to a key, an account or a model; addresses share one rule")
    }
    return try write(doing: "set limits") { db in
      let row = try Row.fetchOne(
        db,
        sql: "SELECT * FROM limit_rule WHERE scope_kind = ? AND scope_id = ? AND model_id = ?",
        arguments: [kind, id, model])
      let old = row.flatMap(LimitRow.read)
      let rule = try change(old)
      let before = old?.summary ?? "defaults"
      let after = rule?.summary ?? "defaults"
      if let rule {
        try LimitRow.write(rule, scope: scope, to: db)
      } else {
        try db.execute(
          sql: "DELETE FROM limit_rule WHERE scope_kind = ? AND scope_id = ? AND model_id = ?",
          arguments: [kind, id, model])
      }
      try note(
        "limit.set", LimitRow.name(of: scope), after, change: AuditChange(before, after), in: db)
      return rule
    }
  }

  /// The limits that somebody set.
  ///
  /// - Parameter includesKeys: also those of keys at all models, which ``keys()`` has too.
  package func limits(
    includesKeys: Bool = true
  ) throws(UsageStoreError) -> [LimitScope: LimitRecord] {
    let rows = try read(doing: "read the limits") {
      try Row.fetchAll(
        $0, sql: "SELECT * FROM limit_rule WHERE ? OR scope_kind <> ? OR model_id <> 0",
        arguments: [includesKeys, LimitRow.kindOfKeys]
      ).map { row in
        (
          LimitRow.scope(kind: row["scope_kind"], id: row["scope_id"], model: row["model_id"]),
          LimitRow.read(row),
          row["version"] as Int64
        )
      }
    }
    return rows.reduce(into: [:]) { limits, row in
      if let scope = row.0, let rule = row.1 {
        limits[scope] = LimitRecord(rule: rule, version: row.2)
      }
    }
  }
}

extension LimitRule {
  /// Such as `rpm 600/100, par 4`: limit and burst of each meter; `none` where nothing is limited.
  package var summary: String {
    let rates = [
      ("rpm", requests), ("itpm", inputTokens), ("otpm", outputTokens), ("tpm", tokens),
    ].compactMap { name, limit in limit.map { "\(name) \($0.perMinute)/\($0.burst)" } }
    let parts = rates + (parallel.map { ["par \($0)"] } ?? [])
    return parts.isEmpty ? "none" : parts.joined(separator: ", ")
  }
}
