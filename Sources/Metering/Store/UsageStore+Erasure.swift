// The rights of a customer over what is kept of them: to have it, and to have it erased (Articles
// 15, 17 and 20 of Regulation 2016/679).

import FoundationEssentials
import GRDB

/// Everything that is kept of an account, in a form for machines. Amounts are pico-euro or cents as
/// their names say, times are milliseconds since 1970.
package struct AccountExport: Codable, Sendable {
  package struct Key: Codable, Sendable {
    package let name: String
    package let label: String
    package let createdMilliseconds: Int64
    package let expiresMilliseconds: Int64?
    package let isRevoked: Bool
    package let addresses: [String]
  }

  package struct Request: Codable, Sendable {
    package let id: String
    package let startedMilliseconds: Int64
    package let settledMilliseconds: Int64
    package let key: Int64
    package let model: String
    package let promptTokens: Int64
    package let cachedPromptTokens: Int64
    package let completionTokens: Int64
    package let reasoningTokens: Int64
    package let costPicoEuro: Int64
    package let isBillable: Bool
    /// What else the metadata profile names, by the name of its column.
    package let described: [String: String]
  }

  package let account: Int64
  package let name: String
  package let state: String
  package let createdMilliseconds: Int64
  package let party: Party?
  package let members: [String]
  package let keys: [Key]
  package let invoices: [InvoiceDocument]
  package let requests: [Request]

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
    var requests: [AccountExport.Request] = []
    var personal = PersonalRows(store: self)
    for month in try months() {
      for row in try usageRows(month: month, limit: .max).reversed() where row.account == account {
        requests.append(
          AccountExport.Request(
            id: row.requestID.description, startedMilliseconds: row.startedMilliseconds,
            settledMilliseconds: row.settledMilliseconds, key: row.key.rawValue,
            model: models[row.model]?.text ?? "", promptTokens: row.usage.promptTokens,
            cachedPromptTokens: row.usage.cachedPromptTokens,
            completionTokens: row.usage.completionTokens,
            reasoningTokens: row.usage.reasoningTokens, costPicoEuro: row.cost.rawValue,
            isBillable: row.isBillable,
            described: row.described(
              beside: try personal.of(
                row.requestID, startedMilliseconds: row.startedMilliseconds))))
      }
    }
    return AccountExport(
      account: account.rawValue, name: record.name.text, state: "\(record.state)",
      createdMilliseconds: record.createdMilliseconds, party: try buyer(of: account)?.party,
      members: try members(of: account).map(\.email),
      keys: try keys().filter { $0.account == account }.map { key in
        AccountExport.Key(
          name: "\(key.name)", label: key.label.text,
          createdMilliseconds: key.createdMilliseconds,
          expiresMilliseconds: key.expiresMilliseconds, isRevoked: key.state == .revoked,
          addresses: key.addresses.map(\.description))
      },
      invoices: try invoices(account: account).map(\.document), requests: requests)
  }

  /// Erases who an account was: its names, addresses and mail, from the rows and from the bytes of
  /// the files. Numbers stay, and so do issued invoices, which the law wants to be kept.
  ///
  /// - Parameter waivesUnbilled: whether what it owes for months without an invoice is given up:
  ///   nobody could be billed for it afterwards.
  /// - Throws: ``UsageStoreError``: `notFound`, or `wrongState` before the account is closed, or while
  ///   it owes for such months; ``InvoiceError``.
  package func erase(_ account: AccountID, waivesUnbilled: Bool = false) throws {
    guard let record = try accounts().first(where: { $0.id == account }) else {
      throw UsageStoreError(.notFound, "no account has the number \(account.rawValue)")
    }
    guard record.state == .closed else {
      throw UsageStoreError(
        .wrongState,
        "account \(account.rawValue) is \(record.state): close it before it is erased")
    }
    let unbilled = waivesUnbilled ? [] : try unbilledMonths(of: account)
    guard unbilled.isEmpty else {
      let months = unbilled.map(\.description).joined(separator: ", ")
      throw UsageStoreError(
        .wrongState,
        "account \(account.rawValue) has no invoice for \(months): issue it first, or say that it is "
          + "waived")
    }
    try erasePersonal(of: account)
    let name = "erased \(account.rawValue)"
    try write(doing: "erase an account") { db in
      let own = "SELECT id FROM api_key WHERE account_id = ?"
      let id = account.rawValue
      for sql in [
        "DELETE FROM party WHERE account_id = ?",
        "DELETE FROM member WHERE account_id = ?",
        "DELETE FROM notice_delivery WHERE account_id = ?",
        "DELETE FROM key_address WHERE key_id IN (\(own))",
        "UPDATE api_key SET label = 'erased' WHERE account_id = ?",
        "UPDATE ledger SET reference = '' WHERE account_id = ?",
        "UPDATE payment SET reference = '' WHERE invoice_id IN "
          + "(SELECT id FROM invoice WHERE account_id = ?)",
      ] { try db.execute(sql: sql, arguments: [id]) }
      try db.execute(
        sql: "UPDATE account SET name = ? WHERE id = ?", arguments: [name, id])
      try note("account.erase", "account \(id)", waivesUnbilled ? "unbilled is waived" : "", in: db)
    }
    try wipe()
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
