// Receipts: what they say is what the ledger says, and nobody but this server can have said it.

import GRDB
import Metering
import Testing

/// The tree of RFC 6962 as it is written there, from all leaves each time: the plain twin.
private enum PlainTree {
  static func root(_ leaves: ArraySlice<[UInt8]>) -> [UInt8] {
    if leaves.count == 1, let only = leaves.first { return only }
    let split = leaves.startIndex + half(leaves.count)
    return MerkleTree.node(root(leaves[..<split]), root(leaves[split...]))
  }

  static func path(to index: Int, in leaves: ArraySlice<[UInt8]>) -> [[UInt8]] {
    guard leaves.count > 1 else { return [] }
    let split = half(leaves.count)
    let middle = leaves.startIndex + split
    return index < split
      ? path(to: index, in: leaves[..<middle]) + [root(leaves[middle...])]
      : path(to: index - split, in: leaves[middle...]) + [root(leaves[..<middle])]
  }

  private static func half(_ count: Int) -> Int {
    var half = 1
    while half * 2 < count { half *= 2 }
    return half
  }
}

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

  /// Each leaf's path leads to the root, and no other leaf's does; root and paths are those of the
  /// plain tree, at every size that the tree had while it grew.
  @Test func pathsLeadToTheRootFromTheirOwnLeafOnly() throws {
    var nodes: [MerkleTree.Place: [UInt8]] = [:]
    func node(_ place: MerkleTree.Place) throws -> [UInt8] { try #require(nodes[place]) }
    var leaves: [[UInt8]] = []
    for count in 1...33 {
      leaves.append(MerkleTree.leaf([UInt8(count)]))
      for (place, hash) in try MerkleTree.completed(by: leaves[count - 1], at: count - 1, node) {
        nodes[place] = hash
      }
    }
    for count in 1...33 {
      let leaves = leaves[..<count]
      let root = try MerkleTree.root(count: count, node)
      #expect(root == PlainTree.root(leaves))
      for index in 0..<count {
        let path = try MerkleTree.path(to: index, count: count, node)
        #expect(path == PlainTree.path(to: index, in: leaves))
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
      hexText(MerkleTree.root(count: 0) { _ in [] })
        == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
  }

  @Test func aReceiptHoldsUnderTheTreeOfEverySizeThatHadIt() async throws {
    let (bench, ids) = try await bench(requests: 6)
    let store = bench.meter.store
    let key = try store.receiptKey()
    for (index, id) in ids.enumerated() {
      for count in [.min, -1] + Array(0...7) {
        guard count > index, count <= 6 else {
          #expect(throws: UsageStoreError.self) { try store.receipt(id, count: count) }
          continue
        }
        let receipt = try store.receipt(id, count: count)
        #expect(receipt.count == count && receipt.index == index)
        #expect(try receipt.fault(publicKey: key) == nil)
      }
    }
  }

  /// What is kept of the tree follows from the events: a tree that is not theirs is made anew.
  @Test func theTreeGrowsWithTheLedgerAndIsMadeAnewWhereItIsNotTheLedgers() async throws {
    let (bench, ids) = try await bench(requests: 3)
    let store = bench.meter.store
    let month = UTCMonth(wallMilliseconds: bench.clock.clock.wallMilliseconds())
    let first = try store.receiptRoot(of: month)
    let who = try bench.meter.authenticate(bench.key().text)
    try await bench.meter.admit(who, bench.request()).settle(completed())
    let second = try store.receiptRoot(of: month)
    #expect((first.count, second.count) == (3, 4) && first.root != second.root)
    #expect(try store.receipt(ids[0], count: 3).root == hexText(first.root))
    let path = "\(bench.folder.path)/receipts-\(month).db"
    let database = try DatabaseQueue(path: path)
    try await database.write { try $0.execute(sql: "UPDATE node SET hash = zeroblob(32)") }
    try database.close()
    #expect(try store.receiptRoot(of: month) == second)
    #expect(try store.receipt(ids[1]).fault(publicKey: store.receiptKey()) == nil)
  }

  @Test func receiptsCarryTheTokenizerOfTheirTime() async throws {
    let bench = try MeterBench { $0.keyLimits = LimitRule() }
    let store = bench.meter.store
    let who = try bench.meter.authenticate(bench.key().text)
    var ids: [RequestID] = []
    func use() async throws {
      let lease = try bench.meter.admit(who, bench.request())
      ids.append(lease.requestID)
      try await lease.settle(completed())
      bench.clock.advance(.seconds(1))
    }
    try await use()
    for form in [[1], [1], [2]] as [[UInt8]] {
      try store.noteTokenizer(form, of: bench.model)
      try await use()
    }
    let hashes = try ids.map { try store.receipt($0).body.tokenizer }
    let (one, two) = (
      hexText(TokenizerRecord.hash(of: [1])), hexText(TokenizerRecord.hash(of: [2]))
    )
    #expect(hashes == ["", one, one, two])
    #expect(try store.tokenizers()[bench.model]?.count == 2)
  }
}
