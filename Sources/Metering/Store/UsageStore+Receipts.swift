// Receipts, made from the ledger when somebody asks: the rows never change, so they are the same
// each time. Of a month that still goes on the tree grows, and the root with it.

import FoundationEssentials

extension UsageStore {
  /// What receipts of this folder are checked with, 32 bytes.
  package func receiptKey() throws(UsageStoreError) -> [UInt8] { try signingKey().publicKey }

  /// The receipt of a request.
  ///
  /// - Throws: ``UsageStoreError``: `notFound` where no month that is kept has the request.
  package func receipt(_ request: RequestID) throws -> Receipt {
    let month = request.month
    let bodies = try receiptBodies(of: month)
    let name = request.description
    guard let index = bodies.firstIndex(where: { $0.request == name }) else {
      throw UsageStoreError(.notFound, "no request of \(month) has this id")
    }
    let messages = try bodies.map { try $0.bytes() }
    let leaves = messages.map { MerkleTree.leaf($0) }
    let root = MerkleTree.root(leaves[...])
    let key = try signingKey()
    return Receipt(
      body: bodies[index], signature: key.signature(of: messages[index]), month: month,
      index: index, count: leaves.count, path: MerkleTree.path(to: index, in: leaves[...]),
      root: root,
      rootSignature: key.signature(
        of: Receipt.statement(month: month.description, count: leaves.count, root: root)))
  }

  /// The root over all receipts of a month's file, and how many there are.
  package func receiptRoot(of month: UTCMonth) throws -> (root: [UInt8], count: Int) {
    let leaves = try receiptBodies(of: month).map { MerkleTree.leaf(try $0.bytes()) }
    return (MerkleTree.root(leaves[...]), leaves.count)
  }

  /// What the receipts of a month say, in the order of the ledger, each chained to the one before of
  /// its account.
  private func receiptBodies(of month: UTCMonth) throws -> [Receipt.Body] {
    let models = try modelNames()
    var previous: [AccountID: String] = [:]
    return try usageRows(month: month, limit: .max).reversed().map { row in
      let body = Receipt.Body(
        request: row.requestID.description, account: row.account.rawValue,
        settledMilliseconds: row.settledMilliseconds, model: models[row.model]?.text ?? "",
        promptTokens: row.usage.promptTokens, cachedPromptTokens: row.usage.cachedPromptTokens,
        completionTokens: row.usage.completionTokens, reasoningTokens: row.usage.reasoningTokens,
        audioMilliseconds: row.usage.audioMilliseconds, priceList: row.price.rawValue,
        costPicoEuro: row.cost.rawValue, isBillable: row.isBillable,
        previous: previous[row.account] ?? "")
      previous[row.account] = hexText(MerkleTree.leaf(try body.bytes()))
      return body
    }
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
