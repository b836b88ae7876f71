// Usage over time, cut into buckets of whole hours: what a key holder asks for, out of the rollups.

import FoundationEssentials
import GRDB

/// Which usage is asked for.
package struct UsageQuery: Sendable {
  package var account: AccountID
  /// Hours since 1970 UTC.
  package var hours: Range<Int64>
  /// Hours in a bucket; buckets begin with the range.
  package var bucketHours: Int64
  /// Only these kinds of work, keys and models; nil for all.
  package var kinds: Set<RequestKind>?
  package var keys: Set<KeyID>?
  package var models: Set<ModelID>?

  /// All billable usage of an account in one bucket.
  package init(account: AccountID, hours: Range<Int64>, bucketHours: Int64? = nil) {
    self.account = account
    self.hours = hours
    self.bucketHours = max(1, bucketHours ?? Int64(hours.count))
  }
}

/// Billable usage in one bucket, of one key, model, kind and price list.
package struct UsagePart: Hashable, Sendable {
  /// The place of the bucket in the range.
  package let bucket: Int64
  package let key: KeyID
  package let model: ModelID
  package let kind: RequestKind
  package let price: PriceID
  package let sums: LedgerSums
}

extension UsageStore {
  /// What an account used that it is charged for, or that was free, in the order of the buckets.
  package func usage(_ query: UsageQuery) throws(UsageStoreError) -> [UsagePart] {
    let files = try months()
    let kept = Self.bucketSQL(of: "rollup_kept", where: Self.keptCondition(beside: files))
    var parts = try read(doing: "read the rollups that were kept") {
      try Row.fetchAll($0, sql: kept, arguments: query.arguments).compactMap(UsagePart.init)
    }
    let first = UTCMonth(wallMilliseconds: query.hours.lowerBound * 3_600_000)
    let last = UTCMonth(wallMilliseconds: query.hours.upperBound * 3_600_000)
    // A request that began in one month and ended in the next stands in the file of the first.
    for file in files where file >= first.previous && file <= last {
      parts += try EventFile.read(
        folder: folder, file: file, sql: Self.bucketSQL(of: "rollup_hour"),
        arguments: query.arguments
      ).compactMap(UsagePart.init)
    }
    return parts.filter { query.takes($0) }.sorted { $0.isBefore($1) }
  }

  private static func bucketSQL(of table: String, where condition: String = "TRUE") -> String {
    """
    SELECT (hour - ?) / ? AS bucket, key_id, model_id, kind, price_id,
      coalesce(sum(requests), 0) AS requests, \(LedgerSums.columns)
    FROM \(table) WHERE billable = 1 AND account_id = ? AND hour >= ? AND hour < ?
      AND \(condition)
    GROUP BY bucket, key_id, model_id, kind, price_id
    """
  }
}

extension UsageQuery {
  fileprivate var arguments: StatementArguments {
    [hours.lowerBound, bucketHours, account.rawValue, hours.lowerBound, hours.upperBound]
  }

  fileprivate func takes(_ part: UsagePart) -> Bool {
    kinds?.contains(part.kind) ?? true && keys?.contains(part.key) ?? true
      && models?.contains(part.model) ?? true
  }
}

extension UsagePart {
  fileprivate init?(_ row: Row) {
    guard let kind = RequestKind(rawValue: row["kind"]) else { return nil }
    self.init(
      bucket: row["bucket"], key: KeyID(rawValue: row["key_id"]),
      model: ModelID(rawValue: row["model_id"]), kind: kind,
      price: PriceID(rawValue: row["price_id"]), sums: LedgerSums(row))
  }

  fileprivate func isBefore(_ other: UsagePart) -> Bool {
    (bucket, key.rawValue, model.rawValue, kind.rawValue, price.rawValue)
      < (
        other.bucket, other.key.rawValue, other.model.rawValue, other.kind.rawValue,
        other.price.rawValue
      )
  }
}
