// Receipts: what they say is what the ledger says, and nobody but this server can have said it.

import Metering
import Testing

@Suite struct ReceiptTests {
  /// A meter with some settled requests of two accounts.
  private func bench(requests: Int) async throws -> (MeterBench, [RequestID]) {
    let bench = try MeterBench { $0.keyLimits = LimitRule() }
    _ = try bench.meter.store.publishPrices(
      #require(Prices(input: 3, output: 11)), model: bench.model)
    let who = try bench.meter.authenticate(bench.key().text)
    var ids: [RequestID] = []
    for index in 0..<requests {
      let lease = try bench.meter.admit(who, bench.request(prompt: Int64(index)))
      ids.append(lease.requestID)
      try await lease.settle(completed(prompt: Int64(index), completion: Int64(2 * index)))
    }
    return (bench, ids)
  }

  @Test(arguments: [1, 2, 3, 7, 8, 9]) func everyReceiptHoldsAndSaysWhatTheLedgerSays(
    count: Int
  ) async throws {
    let (bench, ids) = try await bench(requests: count)
    let store = bench.meter.store
    let key = try store.receiptKey()
    let month = UTCMonth(wallMilliseconds: bench.clock.clock.wallMilliseconds())
    let root = try store.receiptRoot(of: month)
    #expect(root.count == count)
    var previous = ""
    for (index, id) in ids.enumerated() {
      let receipt = try store.receipt(id)
      #expect(try receipt.fault(publicKey: key) == nil)
      #expect(receipt.root == hexText(root.root))
      #expect(receipt.body.promptTokens == Int64(index))
      #expect(receipt.body.completionTokens == Int64(2 * index))
      #expect(receipt.body.costPicoEuro == Int64(index * 3 + 2 * index * 11))
      #expect((receipt.body.previous == "") == (index == 0))
      #expect(receipt.body.previous != previous || index == 0)
      previous = receipt.body.previous
      #expect(try Receipt(encoded: receipt.encoded()) == receipt)
    }
    let again = try store.receipt(#require(ids.first))
    #expect(try again == store.receipt(#require(ids.first)))
  }

  @Test func aReceiptThatWasAlteredDoesNotHold() async throws {
    let (bench, ids) = try await bench(requests: 5)
    let store = bench.meter.store
    let key = try store.receiptKey()
    let elsewhere = try MeterBench()
    let other = try elsewhere.meter.store.receiptKey()
    let receipt = try store.receipt(#require(ids.last))
    #expect(try receipt.fault(publicKey: other) != nil)
    #expect(try receipt.fault(publicKey: []) != nil)
    let text = String(decoding: try receipt.encoded(), as: UTF8.self)
    let changes = [
      ("\"completionTokens\":8", "\"completionTokens\":7"), ("\"index\":4", "\"index\":3"),
      ("\"count\":5", "\"count\":6"), ("\"month\":\"2026-11\"", "\"month\":\"2026-10\""),
      ("\"root\":\"", "\"root\":\"0"), ("\"isBillable\":true", "\"isBillable\":false"),
    ]
    for (old, new) in changes {
      let parts = text.split(separator: old, omittingEmptySubsequences: false)
      try #require(parts.count == 2, "\(old) is not there once")
      let altered = try Receipt(encoded: Array((parts[0] + new + parts[1]).utf8))
      #expect(try altered.fault(publicKey: key) != nil, "\(new) went through")
    }
    #expect(throws: UsageStoreError.self) {
      _ = try store.receipt(RequestID(high: ids[0].high, low: 1))
    }
  }

  /// The tree of RFC 6962: each leaf's path leads to the root, and no other leaf's does.
  @Test func pathsLeadToTheRootFromTheirOwnLeafOnly() {
    for count in 1...33 {
      let leaves = (0..<count).map { MerkleTree.leaf([UInt8($0)]) }
      let root = MerkleTree.root(leaves[...])
      for index in 0..<count {
        let path = MerkleTree.path(to: index, in: leaves[...])
        for other in 0..<count {
          let found = MerkleTree.root(
            from: leaves[other], index: index, count: count, path: path[...])
          #expect((found == root) == (other == index))
        }
        #expect(
          MerkleTree.root(
            from: leaves[index], index: index, count: count, path: (path + [root])[...]) != root)
      }
    }
    #expect(
      hexText(MerkleTree.root([][...]))
        == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
  }
}
