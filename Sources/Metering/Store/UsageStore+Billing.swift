// A month's billable usage, out of the rollups.

import GRDB

extension UsageStore {
  /// What an account is charged for in a month, by model and price list. The month is that of the
  /// settlement, so the file of the month before is read as well.
  package func billableUsage(
    account: AccountID, month: UTCMonth
  ) throws(UsageStoreError) -> [BillableUsage] {
    var sums: [[Int64]: LedgerSums] = [:]
    for file in try months().filter({ $0 == month || $0 == month.previous }) {
      for part in try EventFile.billableUsage(
        account: account, month: month, folder: folder, file: file)
      {
        let key = [part.model.rawValue, part.price.rawValue]
        do throws(MoneyError) {
          sums[key] = try (sums[key] ?? LedgerSums()).adding(part.sums)
        } catch {
          throw UsageStoreError(.corrupt, "the usage of \(month) is beyond any amount of money")
        }
      }
    }
    return sums.map { key, sums in
      BillableUsage(
        model: ModelID(rawValue: key[0]), price: PriceID(rawValue: key[1]), sums: sums)
    }
  }
}
