// A month's billable usage, out of the rollups.

import GRDB

extension UsageStore {
  /// What an account is charged for in a month of a zone, by model and price list. The month is that
  /// of the settlement and begins at the zone's midnight, so the files beside its own are read too.
  package func billableUsage(
    account: AccountID, month: UTCMonth, zone: BillingZone = .utc
  ) throws(UsageStoreError) -> [BillableUsage] {
    let hours = zone.hours(of: month)
    var parts = try read(doing: "read the rollups that were kept") {
      try Self.keptUsage(account: account, hours: hours, in: $0)
    }
    for file in try months() where file >= month.previous && file <= month.next {
      parts += try EventFile.billableUsage(
        account: account, hours: hours, folder: folder, file: file)
    }
    var sums: [[Int64]: LedgerSums] = [:]
    for part in parts {
      let key = [part.model.rawValue, part.price.rawValue]
      do throws(MoneyError) {
        sums[key] = try (sums[key] ?? LedgerSums()).adding(part.sums)
      } catch {
        throw UsageStoreError(.corrupt, "the usage of \(month) is beyond any amount of money")
      }
    }
    return sums.map { key, sums in
      BillableUsage(
        model: ModelID(rawValue: key[0]), price: PriceID(rawValue: key[1]), sums: sums)
    }
  }
}
