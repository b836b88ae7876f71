// Receipts, made from the ledger when somebody asks: the rows never change, so they are the same
// each time. Of a month that still goes on the tree grows, and the root with it.

import FoundationEssentials
import GRDB

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension UsageStore {
  /// What receipts of this folder are checked with, 32 bytes.
  package func receiptKey() throws(UsageStoreError) -> [UInt8] { try signingKey().publicKey }

  /// The receipt of a request.
  ///
  /// - Parameter count: how many receipts of its month the tree is over, as an invoice printed it;
  ///   nil for all there are.
  /// - Throws: ``UsageStoreError``: `notFound` where no month that is kept has the request, or the
  ///   tree was smaller.
  package func receipt(_ request: RequestID, count: Int? = nil) throws -> Receipt {
    let month = request.month
    let found = try events(
      of: month, "WHERE request_id = ?", [request.data]
    ).first
    guard let (seq, row) = found else {
      throw UsageStoreError(
        .notFound,
        try wasLetGo(month)
          ? "the receipts of \(month) were let go" : "no request of \(month) has this id")
    }
    return try receipts(of: [(seq, row)], in: month, count: count)[0]
  }

  /// The receipts of some events of a month's file.
  func receipts(
    of events: [(seq: Int64, row: UsageRow)], in month: UTCMonth, count: Int? = nil
  ) throws -> [Receipt] {
    let notes = try ReceiptNotes(self)
    let key = try signingKey()
    return try withReceipts(of: month, notes) { file in
      let all = try file.end().count
      let count = count ?? all
      guard count > 0 else {
        throw UsageStoreError(.notFound, "a tree over \(count) receipts has no place for any")
      }
      let root = try file.root(count: count <= all ? count : all)
      let rootSignature = key.signature(
        of: Receipt.statement(month: month.description, count: count, root: root))
      return try events.map { seq, row in
        guard let leaf = try file.leaf(seq: seq) else {
          throw UsageStoreError(.inputOutput, "the tree over the receipts of \(month) is broken")
        }
        guard leaf.index < count, count <= all else {
          throw UsageStoreError(
            .notFound,
            "the tree over \(count) receipts of \(month) has no place for this one: its place is "
              + "\(leaf.index + 1) of \(all)")
        }
        let body = notes.body(row, after: leaf.previous)
        return Receipt(
          body: body, signature: key.signature(of: try body.bytes()), month: month,
          index: leaf.index, count: count, path: try file.path(to: leaf, count: count), root: root,
          rootSignature: rootSignature)
      }
    }
  }

  /// The root over all receipts of a month's file, and how many there are; also where they were let
  /// go since.
  ///
  /// - Throws: ``UsageStoreError``: `notFound` where they were let go without their root, as
  ///   earlier versions did.
  package func receiptRoot(of month: UTCMonth) throws -> (root: [UInt8], count: Int) {
    guard try months().contains(month) else {
      if let kept = try keptReceiptRoot(of: month) { return kept }
      guard try !wasLetGo(month) else {
        throw UsageStoreError(
          .notFound, "the receipts of \(month) were let go, and their root with them")
      }
      return (MerkleTree.root(count: 0) { _ in [] }, 0)
    }
    return try withReceipts(of: month, ReceiptNotes(self)) { file in
      let count = try file.end().count
      return (try file.root(count: count), count)
    }
  }

  private func keptReceiptRoot(
    of month: UTCMonth
  ) throws(UsageStoreError) -> (root: [UInt8], count: Int)? {
    try read(doing: "read a root that was kept") { db in
      try Row.fetchOne(
        db, sql: "SELECT * FROM receipt_root WHERE month = ?", arguments: [month.description]
      ).map { (root: [UInt8]($0["root"] as Data), count: $0["receipts"] as Int) }
    }
  }

  /// Works on the tree of a month, which has all that the ledger has when `body` is called.
  private func withReceipts<Result>(
    of month: UTCMonth, _ notes: ReceiptNotes, _ body: (ReceiptFile) throws -> Result
  ) throws -> Result {
    var file = try ReceiptFile(folder: folder, month: month)
    if try !isOf(month, file, notes) {
      // The month's events are others, out of a backup: the tree is made anew.
      file.close()
      for path in ReceiptFile.paths(folder: folder, month: month) { unlink(path) }
      file = try ReceiptFile(folder: folder, month: month)
    }
    defer { file.close() }
    while true {
      let new = try events(
        of: month, "WHERE seq > ? ORDER BY seq LIMIT 20000", [try file.end().seq])
      if new.isEmpty { break }
      try file.append(new) { notes.body($0, after: $1) }
    }
    return try body(file)
  }

  /// Whether the newest leaf of a tree is that of its event.
  private func isOf(_ month: UTCMonth, _ file: ReceiptFile, _ notes: ReceiptNotes) throws -> Bool {
    let (seq, count) = try file.end()
    guard count > 0 else { return true }
    guard let (_, row) = try events(of: month, "WHERE seq = ?", [seq]).first,
      let leaf = try file.leaf(seq: seq)
    else { return false }
    let body = notes.body(row, after: leaf.previous)
    return try file.hash(of: leaf) == MerkleTree.leaf(try body.bytes())
  }

  func events(
    of month: UTCMonth, _ condition: String, _ arguments: StatementArguments
  ) throws(UsageStoreError) -> [(seq: Int64, row: UsageRow)] {
    guard FileManager.default.fileExists(atPath: EventFile.path(folder: folder, month: month))
    else { return [] }
    return try EventFile.read(
      folder: folder, file: month, sql: "SELECT * FROM event " + condition, arguments: arguments
    ).compactMap { row in UsageRow(row).map { (row["seq"], $0) } }
  }

  private func signingKey() throws(UsageStoreError) -> SigningKey {
    let path = folder + "/receipt-key-1"
    let seed = try SecretFile.bytes(of: path, length: 32, mayCreate: true)
    guard let key = SigningKey(seed: seed) else {
      throw UsageStoreError(.inputOutput, "the system's libcrypto offers no Ed25519")
    }
    return key
  }
}

/// What receipts say beside the rows of the ledger.
private struct ReceiptNotes {
  let models: [ModelID: ShortName]
  let tokenizers: [ModelID: [TokenizerRecord]]

  init(_ store: UsageStore) throws(UsageStoreError) {
    models = try store.modelNames()
    tokenizers = try store.tokenizers()
  }

  func body(_ row: UsageRow, after previous: [UInt8]?) -> Receipt.Body {
    let tokenizer = tokenizers[row.model]?.last {
      $0.fromMilliseconds <= row.startedMilliseconds
    }
    return Receipt.Body(
      request: row.requestID.description, account: row.account.rawValue,
      settledMilliseconds: row.settledMilliseconds, model: models[row.model]?.text ?? "",
      tokenizer: tokenizer.map { hexText($0.hash) } ?? "",
      promptTokens: row.usage.promptTokens, cachedPromptTokens: row.usage.cachedPromptTokens,
      completionTokens: row.usage.completionTokens, reasoningTokens: row.usage.reasoningTokens,
      audioMilliseconds: row.usage.audioMilliseconds, priceList: row.price.rawValue,
      costPicoEuro: row.cost.rawValue, isBillable: row.isBillable,
      previous: previous.map { hexText($0) } ?? "")
  }
}
