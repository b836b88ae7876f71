// `apus meter doctor`: what is broken is found, whatever it is.

import FoundationEssentials
import GRDB
import Metering
import Testing

@Suite struct ExaminationTests {
  /// A month with an invoice, in a folder that nobody has open any more.
  private func folder() async throws -> BillingBench {
    let billing = try BillingBench(start: newYear2028)
    try await billing.use()
    billing.go(to: newYear2028 + 32 * 86_400_000)
    let month = try #require(UTCMonth("2028-01"))
    _ = try billing.store.issueInvoice(account: billing.account, month: month)
    try await billing.bench.meter.close()
    return billing
  }

  private func broken(_ billing: BillingBench) throws -> [String] {
    let store = try UsageStore(folder: billing.bench.folder.path, mode: .administering)
    let findings = try store.examine()
    try store.close()
    #expect(findings.count > 5)
    return findings.filter { $0.state == .broken }.map(\.subject)
  }

  private func change(_ billing: BillingBench, _ file: String, _ sql: String) throws {
    let database = try DatabaseQueue(path: "\(billing.bench.folder.path)/\(file)")
    try database.write { try $0.execute(sql: sql) }
    try database.close()
  }

  @Test func nothingIsBrokenInAFolderThatOnlyThisProgramHasWritten() async throws {
    let billing = try await folder()
    #expect(try broken(billing).isEmpty)
  }

  @Test(
    arguments: [
      (
        "meter.db",
        "DROP TRIGGER audit_is_never_changed; UPDATE audit SET detail = 'x' WHERE seq = 2",
        "audit trail"
      ),
      ("meter.db", "DELETE FROM audit WHERE seq = 2", "audit trail"),
      (
        "meter.db",
        "DROP TRIGGER invoice_is_never_changed; UPDATE invoice SET document = x'7B7D'",
        "invoices"
      ),
      (
        "events-2028-01.db", "UPDATE rollup_hour SET cost_p = cost_p + 1",
        // Nor can the invoice be compared with it.
        "sums of 2028-01, bills"
      ),
      ("events-2028-01.db", "UPDATE event SET out_tok = out_tok + 1", "sums of 2028-01"),
      ("events-2028-01.db", "DELETE FROM event", "sums of 2028-01"),
    ] as [(String, String, String)])
  func whatSomebodyChangedIsFound(file: String, sql: String, subject: String) async throws {
    let billing = try await folder()
    try change(billing, file, sql)
    #expect(try broken(billing).joined(separator: ", ") == subject)
  }

  @Test func aFileThatIsDamagedIsNamedAndTheRestIsLookedAt() async throws {
    let billing = try await folder()
    let path = billing.bench.folder.path + "/events-2028-01.db"
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    // Behind the head of the file, in the pages of its tables.
    for place in stride(from: 4096 + 8, to: bytes.count, by: 16) { bytes[place] ^= 0x5A }
    try bytes.write(to: URL(fileURLWithPath: path))
    let store = try UsageStore(folder: billing.bench.folder.path, mode: .administering)
    let findings = try store.examine()
    #expect(findings.first { $0.subject == "events-2028-01.db" }?.state == .broken)
    #expect(findings.first { $0.subject == "audit trail" }?.state == .good)
    try store.close()
  }
}
