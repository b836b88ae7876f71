// A month's billable usage, out of the rollups.

import GRDB

extension UsageStore {
  /// What an account is charged for in a month of a zone, by model and price list. The month is that
  /// of the settlement and begins at the zone's midnight, so the files beside its own are read too.
  package func billableUsage(
    account: AccountID, month: UTCMonth, zone: BillingZone = .utc,
    except paid: [Range<Int64>] = []
  ) throws(UsageStoreError) -> [BillableUsage] {
    try billableUsage(account: account, hours: zone.hours(of: month), except: paid)
  }

  /// What an account is charged for in hours that are counted from 1970-01-01 00:00 UTC.
  func billableUsage(
    account: AccountID, hours: Range<Int64>, except paid: [Range<Int64>]
  ) throws(UsageStoreError) -> [BillableUsage] {
    // A request stands in the file of the month in which it began.
    let first = UTCMonth(wallMilliseconds: hours.lowerBound * 3_600_000).previous
    let last = UTCMonth(wallMilliseconds: hours.upperBound * 3_600_000)
    let all = try months()
    let files = all.filter { $0 >= first && $0 <= last }
    var parts: [BillableUsage] = []
    for hours in hours.subtracting(paid) {
      parts += try read(doing: "read the rollups that were kept") {
        try Self.keptUsage(account: account, hours: hours, beside: all, in: $0)
      }
      for file in files {
        parts += try EventFile.billableUsage(
          account: account, hours: hours, folder: folder, file: file)
      }
    }
    var sums: [[Int64]: LedgerSums] = [:]
    for part in parts {
      let key = [part.model.rawValue, part.price.rawValue]
      sums[key] = (sums[key] ?? LedgerSums()).adding(part.sums)
    }
    return sums.map { key, sums in
      BillableUsage(
        model: ModelID(rawValue: key[0]), price: PriceID(rawValue: key[1]), sums: sums)
    }
  }
}

extension Range<Int64> {
  /// What is left of it without others, which come in order.
  func subtracting(_ others: [Self]) -> [Self] {
    var left: [Self] = []
    var start = lowerBound
    for other in others where other.overlaps(self) {
      if start < other.lowerBound { left.append(start..<other.lowerBound) }
      start = Swift.max(start, Swift.min(other.upperBound, upperBound))
    }
    return start < upperBound ? left + [start..<upperBound] : left
  }
}
