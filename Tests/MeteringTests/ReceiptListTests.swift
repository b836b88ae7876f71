// Receipts that are handed over together: each holds, and they follow one another.

import Metering
import Testing

@Suite struct ReceiptListTests {
  /// The receipts of so many requests of one key, in their order, and the server's public key.
  private func receipts(_ count: Int) async throws -> ([Receipt], publicKey: [UInt8]) {
    let bench = try MeterBench { $0.keyLimits = LimitRule() }
    let who = try bench.meter.authenticate(bench.key().text)
    var ids: [RequestID] = []
    for index in 0..<count {
      let lease = try bench.meter.admit(who, bench.request(prompt: Int64(index)))
      ids.append(lease.requestID)
      try await lease.settle(completed(prompt: Int64(index), completion: 1))
    }
    let store = bench.meter.store
    return (try ids.map { try store.receipt($0) }, try store.receiptKey())
  }

  private func lines(_ receipts: [Receipt], separator: String = "\n") throws -> [UInt8] {
    let texts = try receipts.map { String(decoding: try $0.encoded(), as: UTF8.self) }
    return Array(texts.joined(separator: separator).utf8)
  }

  @Test func linesOfReceiptsAreReadAndFollowOneAnother() async throws {
    let (receipts, key) = try await receipts(4)
    for separator in ["\n", "\r\n", "\n\n"] {
      let list = try ReceiptList(encoded: lines(receipts, separator: separator))
      #expect(list.receipts == receipts)
      #expect(list.predecessors == [nil, 0, 1, 2])
      #expect(try list.fault(publicKey: key) == nil)
    }
    // In any order, and with gaps, as the requests of one model among others are.
    let some = try ReceiptList(encoded: lines([receipts[3], receipts[1], receipts[2]]))
    #expect(some.predecessors == [2, nil, 1])
    #expect(try some.fault(publicKey: key) == nil)
    let one = try ReceiptList(encoded: lines([receipts[2]]))
    #expect(one.receipts.count == 1)
    #expect(try ReceiptList(encoded: []).receipts.isEmpty)
    #expect(throws: (any Error).self) {
      try ReceiptList(encoded: lines(receipts) + Array("\nno receipt".utf8))
    }
  }

  @Test func aReceiptThatStandsThereTwiceIsToldApart() async throws {
    let (receipts, key) = try await receipts(3)
    let list = try ReceiptList(receipts + [receipts[1]])
    #expect(try list.fault(publicKey: key)?.hasSuffix("it stands there twice") == true)
  }

  @Test func oneThatDoesNotHoldIsNamed() async throws {
    let (receipts, key) = try await receipts(3)
    let text = String(decoding: try lines([receipts[1]]), as: UTF8.self)
    let altered = text.replacing("\"completionTokens\":1", with: "\"completionTokens\":2")
    let list = try ReceiptList(
      encoded: lines([receipts[0]]) + Array("\n\(altered)\n".utf8) + lines([receipts[2]]))
    #expect(list.receipts.count == 3)
    #expect(try list.fault(publicKey: key)?.hasPrefix(receipts[1].body.request) == true)
  }
}
