// Receipts that were handed over together, as the evidence of a dispute is.

/// Receipts, each with the one that it names as the one before it, where that is among them.
package struct ReceiptList: Sendable {
  /// As they were handed over.
  package let receipts: [Receipt]
  /// The place of each receipt's predecessor among them; nil where it has none, or another one.
  package let predecessors: [Int?]

  /// Receipts out of one JSON, or out of lines of JSON; lines without anything are passed over.
  ///
  /// - Throws: what decoding a line throws.
  package init(encoded bytes: [UInt8]) throws {
    if let only = try? Receipt(encoded: bytes) {
      try self.init([only])
    } else {
      let lines = bytes.split(separator: UInt8(ascii: "\n")).filter { line in
        !line.allSatisfy { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") }
      }
      try self.init(lines.map { try Receipt(encoded: Array($0)) })
    }
  }

  package init(_ receipts: [Receipt]) throws {
    self.receipts = receipts
    var places: [String: Int] = [:]
    for (place, receipt) in receipts.enumerated() {
      places[hexText(MerkleTree.leaf(try receipt.body.bytes()))] = place
    }
    predecessors = receipts.map { places[$0.body.previous] }
  }

  /// The first thing that does not hold under a public key, of a receipt or between two of them; nil
  /// where all of it does.
  ///
  /// Between two receipts of an account that one month holds: none stands there twice, none has the same
  /// one before it as another, and one that has none before it is the first.
  package func fault(publicKey: [UInt8]) throws -> String? {
    for receipt in receipts {
      if let fault = try receipt.fault(publicKey: publicKey) {
        return "\(receipt.body.request): \(fault)"
      }
    }
    var requests: Set<String> = []
    var predecessors: Set<Link> = []
    var first: [Scope: Int] = [:]
    for receipt in receipts {
      let scope = Scope(account: receipt.body.account, month: receipt.month)
      first[scope] = min(first[scope] ?? .max, receipt.index)
    }
    for (receipt, predecessor) in zip(receipts, self.predecessors) {
      let scope = Scope(account: receipt.body.account, month: receipt.month)
      let name = receipt.body.request
      guard requests.insert(name).inserted else { return "\(name): it stands there twice" }
      guard predecessors.insert(Link(scope: scope, hash: receipt.body.previous)).inserted else {
        return "\(name): another one has the same receipt before it"
      }
      if receipt.body.previous.isEmpty, first[scope] != receipt.index {
        return "\(name): it has none before it, and is not the first"
      }
      guard let predecessor else { continue }
      let before = receipts[predecessor]
      guard before.body.account == receipt.body.account, before.month == receipt.month,
        before.index < receipt.index
      else { return "\(name): the one that it names before it is not" }
    }
    return nil
  }

  /// Where a chain of receipts is kept.
  private struct Scope: Hashable {
    let account: Int64
    let month: String
  }

  private struct Link: Hashable {
    let scope: Scope
    let hash: String
  }
}
