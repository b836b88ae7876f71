// What is let go is gone from the disk, byte by byte, and what has to stay stays.

import FoundationEssentials
import GRDB
import Metering
import Testing

@Suite struct RetentionTests {
  /// The files of a folder that hold these bytes.
  private func files(of folder: String, holding text: String) throws -> [String] {
    try files(of: folder, holding: Data(text.utf8))
  }

  private func files(of folder: String, holding bytes: Data) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).filter {
      try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\($0)")).range(of: bytes) != nil
    }
  }

  @Test func `promise 25: what is over its time is gone from the disk, and bills can be recounted`()
    async throws
  {
    let billing = try BillingBench(start: newYear2028)
    let store = billing.store
    let folder = billing.bench.folder.path
    let lease = try billing.bench.meter.admit(billing.who, billing.bench.request())
    let id = Data(lease.requestID.bytes)
    try await lease.settle(completed())
    let month = try #require(UTCMonth("2028-01"))
    billing.clock.advance(.seconds(32 * 86_400))
    let invoice = try #require(try store.issueInvoice(account: billing.account, month: month))
    let before = try store.draftInvoice(account: billing.account, month: month)
    let root = try store.receiptRoot(of: month)
    try await billing.use()
    #expect(try !files(of: folder, holding: id).isEmpty)
    // Thirteen months after January 2028 is February 2029; in March its time is over.
    billing.go(to: newYear2028 + 400 * 86_400_000)
    #expect(try store.retentionPlan().months.isEmpty)
    #expect(try store.runRetention().months.isEmpty)
    billing.go(to: newYear2028 + 426 * 86_400_000)
    let plan = try store.retentionPlan()
    #expect(plan.months == [month] && plan.bytes > 0)
    #expect(try store.runRetention() == plan)
    #expect(try files(of: folder, holding: id).isEmpty)
    #expect(try store.months().map(\.description) == ["2028-02"])
    #expect(try store.draftInvoice(account: billing.account, month: month) == before)
    #expect(try store.invoice(invoice.document.number) == invoice)
    #expect(try store.retentionPlan().months.isEmpty)
    #expect(try store.verifyAudit().firstBroken == nil)
    // What an invoice printed of the receipts can still be published.
    let kept = try store.receiptRoot(of: month)
    #expect(root.count == 1 && kept.count == 1 && kept.root == root.root)
    // No table says that there was nothing.
    var lines: [String] = []
    let fault = faultCode {
      try store.exportUsage(of: billing.account, month: month, as: .csv) { lines.append($0) }
    }
    #expect(fault == .notFound && lines.isEmpty)
    #expect(faultCode { _ = try store.exportUsage(month: month, for: .operation) } == .notFound)
    let never = try #require(UTCMonth("2027-01"))
    #expect(try store.exportUsage(month: never, for: .operation).rows.isEmpty)
    #expect(try store.receiptRoot(of: never).count == 0)
  }

  /// Tallinn's February begins while it is January in UTC, and is not whole without that file.
  @Test func aMonthOfWhichAPartWasLetGoSaysSo() async throws {
    let billing = try BillingBench(start: newYear2028)
    let store = billing.store
    billing.go(to: newYear2028 + 31 * 86_400_000 - 90 * 60_000)
    try await billing.use()
    billing.go(to: newYear2028 + 33 * 86_400_000)
    try await billing.use()
    let month = try #require(UTCMonth("2028-02"))
    func count() throws -> Int {
      var lines: [String] = []
      try store.exportUsage(of: billing.account, month: month, as: .jsonl) { lines.append($0) }
      return lines.count
    }
    let whole = try count()
    let none = try store.requestsLetGo(of: billing.account, month: month)
    #expect(whole == 2 && none == 0)
    billing.go(to: newYear2028 + 426 * 86_400_000)
    let gone = try store.runRetention().months.map(\.description)
    let rest = try count()
    let missing = try store.requestsLetGo(of: billing.account, month: month)
    #expect(gone == ["2028-01"] && rest == 1 && missing == 1)
  }

  /// What a process leaves that ended between keeping a month and letting its file go.
  @Test func aMonthThatWasKeptAndIsStillThereCountsOnce() async throws {
    let billing = try BillingBench(start: newYear2028)
    let store = billing.store
    try await billing.use()
    billing.go(to: newYear2028 + 426 * 86_400_000)
    let month = try #require(UTCMonth("2028-01"))
    let draft = try store.draftInvoice(account: billing.account, month: month)
    let query = UsageQuery(
      account: billing.account, hours: month.firstHour..<month.next.firstHour)
    let usage = try store.usage(query)
    #expect(draft.grossCents > 0 && !usage.isEmpty)
    let folder = billing.bench.folder.path
    let files = try FileManager.default.contentsOfDirectory(atPath: folder).filter {
      $0.hasPrefix("events-2028-01") && !$0.hasSuffix("-shm")
    }.map { URL(fileURLWithPath: "\(folder)/\($0)") }
    let bytes = try files.map { try Data(contentsOf: $0) }
    #expect(try store.runRetention().months == [month])
    #expect(try store.usage(query) == usage)
    for (file, bytes) in zip(files, bytes) { try bytes.write(to: file) }
    #expect(try store.months().contains(month))
    #expect(try store.usage(query) == usage)
    #expect(try store.draftInvoice(account: billing.account, month: month) == draft)
  }

  /// A file that cannot go stands for a process that ended in the midst.
  @Test func aMonthIsFoundUntilAllOfItIsGone() async throws {
    let billing = try BillingBench(start: newYear2028)
    let store = billing.store
    try await billing.use()
    let month = try #require(UTCMonth("2028-01"))
    #expect(try store.receiptRoot(of: month).count == 1)
    billing.go(to: newYear2028 + 426 * 86_400_000)
    let folder = billing.bench.folder.path
    let obstacle = "\(folder)/probes-2028-01.db"
    try FileManager.default.createDirectory(
      atPath: obstacle, withIntermediateDirectories: false)
    #expect(faultCode { _ = try store.runRetention() } == .cannotOpen)
    #expect(try store.months().contains(month))
    try FileManager.default.removeItem(atPath: obstacle)
    #expect(try store.runRetention().months == [month])
    let names = try FileManager.default.contentsOfDirectory(atPath: folder)
    #expect(names.filter { $0.contains("2028-01") }.isEmpty)
  }

  @Test func whoIsErasedIsNotKeptForAnothersName() throws {
    let bench = try MeterBench()
    let store = bench.meter.store
    let account = try store.createAccount(name("lab"))
    #expect(faultCode { _ = try store.createAccount(name("Erased 2")) } == .invalidName)
    let other = try store.createAccount(name("other"))
    // As versions before took it.
    let database = try DatabaseQueue(path: bench.folder.path + "/meter.db")
    try database.write {
      try $0.execute(
        sql: "UPDATE account SET name = ? WHERE id = ?",
        arguments: ["erased \(account.rawValue)", other.rawValue])
    }
    try database.close()
    for _ in 0..<2 {
      try? store.setState(.closed, of: account)
      try store.erase(account)
    }
    let names = try store.accounts().map(\.name.text)
    #expect(names.contains("erased \(account.rawValue)-2") && !names.contains("lab"))
  }

  /// Earlier versions kept no root: of what they let go there is none, and it is said.
  @Test func aRootThatWasNotKeptIsNotThatOfNothing() async throws {
    let billing = try BillingBench(start: newYear2028)
    let store = billing.store
    try await billing.use()
    billing.go(to: newYear2028 + 426 * 86_400_000)
    #expect(try store.runRetention().months.count == 1)
    let database = try DatabaseQueue(path: billing.bench.folder.path + "/meter.db")
    try await database.write { try $0.execute(sql: "DELETE FROM receipt_root") }
    try database.close()
    let month = try #require(UTCMonth("2028-01"))
    #expect(faultCode { _ = try store.receiptRoot(of: month) } == .notFound)
  }

  @Test func theOldestPartOfTheTrailGoesAndTheRestIsStillAChain() throws {
    let bench = try MeterBench()
    let store = bench.meter.store
    _ = try store.createAccount(name("old"))
    bench.clock.advance(.seconds(800 * 86_400))
    _ = try store.createAccount(name("new"))
    #expect(try store.runRetention().auditEntries == 1)
    let trail = try store.auditTrail()
    #expect(trail.map(\.verb) == ["retention.run", "account.create"])
    #expect(try store.verifyAudit().firstBroken == nil)
    var periods = RetentionPeriods()
    periods.eventMonths = 1
    #expect(throws: UsageStoreError.self) { try store.setRetention(periods) }
    periods.eventMonths = 2
    try store.setRetention(periods)
    #expect(try store.retentionPeriods() == periods)
  }

  @Test func aMemberIsOneInWhateverCaseAndCanBeTakenOut() throws {
    let bench = try MeterBench()
    let store = bench.meter.store
    let account = try store.createAccount(name("lab"))
    try store.setMember("mira@lab.example", role: .member, of: account)
    try store.setMember("Mira@Lab.example", role: .owner, of: account)
    #expect(try store.members(of: account).map(\.role) == [.owner])
    try store.removeMember("MIRA@lab.example", of: account)
    #expect(try store.members(of: account).isEmpty)
    #expect(faultCode { try store.removeMember("mira@lab.example", of: account) } == .notFound)
    #expect(try files(of: bench.folder.path, holding: "mira@lab").isEmpty)
  }

  @Test func whoWasTakenOutIsMailedNoMoreAndLeavesNoAddress() async throws {
    let billing = try BillingBench(start: newYear2028)
    let (store, account) = (billing.store, billing.account)
    for email in ["mira@lab.example", "Kaja@lab.example", "bills@lab.example"] {
      try store.setMember(email, role: .owner, of: account)
    }
    try store.setBuyer(
      Party(
        name: "Lab", street: "Road 2", city: "Ljubljana", postcode: "1000", country: "SI",
        vatID: "SI1", email: "bills@lab.example"), of: account)
    _ = try store.publishNotice(title: "Maintenance", body: "On Sunday.")
    let sent = try #require(
      try store.deliveries(dueOnly: true).first { $0.target == "mira@lab.example" })
    try store.noteDelivery(sent, succeeded: true)
    try await billing.use()
    billing.go(to: newYear2028 + 32 * 86_400_000)
    let month = try #require(UTCMonth("2028-01"))
    _ = try #require(try store.issueInvoice(account: account, month: month))
    for email in ["mira@lab.example", "kaja@lab.example", "bills@lab.example"] {
      try store.removeMember(email, of: account)
    }
    // The invoice still goes to who is billed.
    let left = try store.deliveries(dueOnly: false)
    #expect(left.map(\.target) == ["bills@lab.example"] && left[0].invoice != nil)
    let export = String(decoding: try store.export(account).encoded(), as: UTF8.self)
    #expect(!export.contains("mira@lab") && !export.contains("Kaja@lab"))
    for trace in ["mira@lab", "Kaja@lab"] {
      #expect(try files(of: billing.bench.folder.path, holding: trace).isEmpty)
    }
  }

  @Test func `promise 26: an account can be had whole, and erased but for its invoices`()
    async throws
  {
    let billing = try BillingBench(start: newYear2028)
    let store = billing.store
    let folder = billing.bench.folder.path
    let account = try store.createAccount(name("quiet-club-7731"))
    try store.setState(.active, of: account)
    let key = try store.createKey(label: name("laptop-of-mira-55"), account: account)
    try store.setAddresses([#require(AddressRange("203.0.113.77"))], for: key.record.name)
    try store.setBuyer(
      Party(name: "Mira Zupan-Kask", country: "SI", email: "mira@club-7731.example"), of: account)
    try store.setMember("kaja@club-7731.example", role: .owner, of: account)
    var channels = NoticeChannels()
    channels.webhook = "https://hooks.example/apus"
    try store.setChannels(channels)
    _ = try store.publishNotice(
      title: "To your phone-of-kaja", body: "Hello Kaja Mets", to: account)
    try store.warn(account, reason: .terms)
    let leaked = try store.createKey(label: name("phone-of-kaja"), account: account)
    _ = try store.reportLeak(leaked.text)
    billing.bench.meter.refreshKeys()
    let who = try billing.bench.meter.authenticate(key.text, address: ClientAddress("203.0.113.77"))
    try await billing.bench.meter.admit(who, billing.bench.request()).settle(completed())

    let export = try store.export(account)
    #expect(export.name == "quiet-club-7731" && export.party?.name == "Mira Zupan-Kask")
    #expect(export.keys.map(\.label) == ["laptop-of-mira-55", "phone-of-kaja"])
    #expect(export.memberRoles == ["kaja@club-7731.example": "owner"])
    #expect(export.history.count { $0.what == "notice" } == 3)
    // In words, beside what is for machines.
    #expect(export.history.first { $0.what == "warning" }?.text == "reason terms")
    #expect(export.created == "2028-01-01T00:00:00.000Z")
    #expect(export.requests.allSatisfy { $0.settled.hasPrefix("2028-01-") })
    #expect(
      export.requests.map(\.costEuro)
        == export.requests.map {
          PicoEuro(rawValue: $0.costPicoEuro).description
        })
    #expect(export.history.contains { $0.text.contains("Kaja Mets") })
    #expect(export.requests.map(\.key) == [export.keys[0].number])
    #expect(export.keys[0].role == "service" && export.keys[0].limits == nil)
    #expect(export.billingMode == "postpaid" && !export.reverseCharge && export.budget == nil)
    let text = String(decoding: try export.encoded(), as: UTF8.self)
    #expect(text.contains("mira@club-7731.example"))
    #expect(!text.contains(key.text))

    let traces = [
      "quiet-club-7731", "laptop-of-mira-55", "203.0.113.77", "Mira Zupan", "mira@club",
      "kaja@club", "phone-of-kaja", "Kaja Mets",
    ]
    for trace in traces { #expect(try !files(of: folder, holding: trace).isEmpty) }
    #expect(throws: UsageStoreError.self) { try store.erase(account) }
    try store.setState(.terminating, of: account)
    try store.setState(.closed, of: account)
    // Nobody could be billed for what it used.
    #expect(try store.unbilledMonths(of: account).map(\.description) == ["2028-01"])
    #expect(throws: UsageStoreError.self) { try store.erase(account) }
    // Nor could anybody pay back what it paid in advance.
    try store.setMode(.prepaid, of: account)
    try store.addCredit(.topUp, #require(PicoEuro(cents: 500)), to: account)
    #expect(faultCode { try store.erase(account, waivesUnbilled: true) } == .wrongState)
    try store.erase(account, waivesUnbilled: true, keepsCredit: true)
    for trace in traces {
      #expect(try files(of: folder, holding: trace).isEmpty, "\(trace) is still on the disk")
    }
    #expect(try store.accounts().contains { $0.id == account && $0.state == .closed })
    let month = try #require(UTCMonth("2028-01"))
    #expect(try store.billableUsage(account: account, month: month).map(\.sums.requests) == [1])

    // What was invoiced stays invoiced.
    try await billing.use()
    billing.go(to: newYear2028 + 32 * 86_400_000)
    let invoice = try #require(try store.issueInvoice(account: billing.account, month: month))
    try store.setState(.terminating, of: billing.account)
    try store.setState(.closed, of: billing.account)
    try store.erase(billing.account)
    #expect(try store.invoice(invoice.document.number) == invoice)
    #expect(try store.buyer(of: billing.account) == nil)
  }
}
