// What customers are told and agree to, each promise under the number that `apus promises` lists.

import GRDB
import Metering
import Testing

@Suite struct NoticeTests {
  private let day: Int64 = 86_400_000

  @Test func rolesDecideWhatAKeyMayDoForItsAccount() throws {
    let allowed: [KeyRole: Set<Right>] = [
      .owner: Set(Right.allCases),
      .mainUser: [.useModels, .readOwnUsage, .readUsage, .readInvoices, .manageKeys],
      .billing: [.readOwnUsage, .readUsage, .readInvoices],
      .member: [.useModels, .readOwnUsage],
      .service: [.useModels, .readOwnUsage],
    ]
    let bench = try MeterBench()
    for role in KeyRole.allCases {
      let key = try bench.meter.store.createKey(label: name("one"), role: role)
      bench.meter.refreshKeys()
      let who = try bench.meter.authenticate(key.text)
      #expect(who.role == role)
      for right in Right.allCases {
        let error = refusal { () throws(MeterError) in try who.require(right) }
        #expect((error == nil) == (allowed[role]?.contains(right) == true), "\(role) \(right)")
        #expect(error == nil || error?.httpStatus == 403)
      }
    }
    let account = try bench.meter.store.createAccount(name("lab"))
    try bench.meter.store.setMember("a@lab.example", role: .member, of: account)
    try bench.meter.store.setMember("a@lab.example", role: .billing, of: account)
    #expect(try bench.meter.store.members(of: account).map(\.role) == [.billing])
    // A sign and an accent behind it are one character of Swift's and two of a mail server's.
    for email in [
      "", "nobody", "a@b\nBcc: c@d", "a@b,c@d", "a@b,\u{301}c@d", "a@b;\u{301}c@d", "a@b \u{301}",
      "a<\u{338}b@c>\u{338}",
    ] {
      #expect(throws: UsageStoreError.self) {
        try bench.meter.store.setMember(email, role: .member, of: account)
      }
    }
  }

  @Test func `promise 27: a notice has a delivery for every owner and main user`() throws {
    let bench = try MeterBench()
    let store = bench.meter.store
    var accounts: [AccountID] = []
    for (index, label) in ["one", "two", "gone"].enumerated() {
      let account = try store.createAccount(name(label))
      try store.setState(.active, of: account)
      for role in KeyRole.allCases {
        try store.setMember("\(role)\(index)@lab.example", role: role, of: account)
      }
      accounts.append(account)
    }
    // Nobody has said yet that the address of one who asks for an account is theirs.
    _ = try store.requestAccount(name("asks"), email: "stranger@lab.example")
    try store.setState(.terminating, of: accounts[2])
    try store.setState(.closed, of: accounts[2])
    #expect(try store.publishNotice(title: "Maintenance", body: "On Sunday.") == 4)
    #expect(
      try Set(store.deliveries(dueOnly: true).map(\.target))
        == Set(["owner0", "mainUser0", "owner1", "mainUser1"].map { $0 + "@lab.example" }))
    var channels = NoticeChannels()
    channels.webhook = "https://hooks.example/apus"
    try store.setChannels(channels)
    #expect(try store.publishNotice(title: "To one", body: "Only.", to: accounts[0]) == 3)
    let secret = try store.channels().secret
    #expect(secret.count == 32)
    try store.setChannels(channels)
    #expect(try store.channels().secret == secret)
  }

  @Test(arguments: [
    (sender: "a@b\nBcc: x@y", webhook: "", sendmail: ""), ("a@b, c@d", "", ""), ("nobody", "", ""),
    ("", "ftp://host.example/x", ""), ("", "https://", ""), ("", "https:///x", ""),
    ("", "https://host.example/a b", ""), ("", "file:///etc/passwd", ""), ("", "-o/tmp/x", ""),
    ("", "https://host.example/\r\nX: y", ""), ("", "", "sendmail -t\nrm"),
  ])
  func roadsThatAreNoneAreRefused(
    road: (sender: String, webhook: String, sendmail: String)
  ) throws {
    let bench = try MeterBench()
    var channels = NoticeChannels()
    (channels.sender, channels.webhook, channels.sendmail) = road
    let error = #expect(throws: UsageStoreError.self) {
      try bench.meter.store.setChannels(channels)
    }
    #expect(error?.code == .invalidName)
  }

  @Test(arguments: ["", "a\nb", "a\u{2028}b", "a\u{0}", String(repeating: "a", count: 257)])
  func aTitleIsOneLine(title: String) throws {
    let store = try MeterBench().meter.store
    #expect(throws: UsageStoreError.self) { _ = try store.publishNotice(title: title, body: "B") }
    #expect(throws: UsageStoreError.self) { _ = try store.publishTerms(title: title, text: []) }
    #expect(throws: UsageStoreError.self) { _ = try store.publishNotice(title: "T", body: "") }
    #expect(throws: UsageStoreError.self) {
      _ = try store.publishNotice(title: "T", body: String(repeating: "b", count: 4097))
    }
  }

  @Test func aFailedDeliveryIsTriedLaterEachTimeAndThenGivenUp() throws {
    let bench = try MeterBench()
    let store = bench.meter.store
    let account = try bench.key().record.account
    try store.setMember("a@lab.example", role: .owner, of: account)
    _ = try store.publishNotice(title: "T", body: "B")
    for wait in [60, 300, 1800, 7200, 43_200] as [Int64] {
      let delivery = try #require(try store.deliveries(dueOnly: true).first)
      try store.noteDelivery(delivery, succeeded: false)
      bench.clock.advance(.milliseconds(wait * 1000 - 1))
      #expect(try store.deliveries(dueOnly: true).isEmpty)
      bench.clock.advance(.milliseconds(1))
    }
    let last = try #require(try store.deliveries(dueOnly: true).first)
    try store.noteDelivery(last, succeeded: false)
    bench.clock.advance(.seconds(1_000_000))
    #expect(try store.deliveries(dueOnly: true).isEmpty)
    #expect(try store.deliveries(dueOnly: false).map(\.state) == [.failed])
    _ = try store.publishNotice(title: "U", body: "B")
    let next = try #require(try store.deliveries(dueOnly: true).first)
    try store.noteDelivery(next, succeeded: true)
    #expect(try store.deliveries(dueOnly: false).map(\.state) == [.sent, .failed])
  }

  @Test func aMailHasOneSubjectWhateverItsTitleIs() throws {
    let bench = try MeterBench()
    let account = try bench.key().record.account
    try bench.meter.store.setMember("a@lab.example", role: .owner, of: account)
    let error = #expect(throws: UsageStoreError.self) {
      _ = try bench.meter.store.publishNotice(title: "Hello\r\nBcc: x@y", body: "Text")
    }
    #expect(error?.code == .invalidName)
    #expect(try bench.meter.store.deliveries(dueOnly: false).isEmpty)
    _ = try bench.meter.store.publishNotice(title: "Hello", body: "Text\nof it")
    // A title that an older version has let in.
    let database = try DatabaseQueue(path: bench.folder.path + "/meter.db")
    try database.write {
      try $0.execute(sql: "UPDATE notice SET title = ?", arguments: ["Hello\r\nBcc: x@y"])
    }
    try database.close()
    let delivery = try #require(try bench.meter.store.deliveries(dueOnly: true).first)
    let lines = delivery.mail(from: "apus@host.example").split(
      separator: "\n", omittingEmptySubsequences: false)
    #expect(
      lines.prefix(3) == [
        "From: apus@host.example", "To: a@lab.example", "Subject: Hello Bcc: x@y",
      ])
    #expect(lines.suffix(4) == ["", "Text", "of it", ""])
  }

  @Test func `promise 28: a model goes after thirty days of notice, and says so`() throws {
    let bench = try MeterBench()
    let store = bench.meter.store
    let who = try bench.meter.authenticate(bench.key().text)
    let now = bench.clock.clock.wallMilliseconds()
    let error = #expect(throws: UsageStoreError.self) {
      try store.retire(bench.model, onMilliseconds: now + 30 * day - 1)
    }
    #expect(error?.code == .wrongState)
    #expect(try store.notices(for: AccountID(rawValue: 1)).isEmpty)
    for (successor, code) in [("tiny-2", UsageStoreError.Code.notFound), ("tiny", .wrongState)] {
      let fault = faultCode {
        try store.retire(
          bench.model, onMilliseconds: now + 30 * day, successor: name(successor))
      }
      #expect(fault == code)
    }
    #expect(try store.notices(for: AccountID(rawValue: 1)).isEmpty)
    _ = try store.modelID(name("tiny-2"))
    try store.retire(bench.model, onMilliseconds: now + 30 * day, successor: name("tiny-2"))
    let notice = try #require(try store.notices(for: AccountID(rawValue: 1)).first)
    #expect(notice.title.hasPrefix("Model tiny goes on "))
    #expect(notice.body.contains("Please use tiny-2"))
    #expect(throws: UsageStoreError.self) {
      try store.retire(ModelID(rawValue: 999), onMilliseconds: now + 30 * day)
    }
    bench.meter.refreshKeys()
    let retirement = try #require(bench.meter.retirement(of: bench.model))
    #expect(retirement.announcedMilliseconds == now)
    #expect(retirement.endsMilliseconds == now + 30 * day)
    func refused() -> MeterError? {
      refusal { () throws(MeterError) in try bench.meter.look(who, model: bench.model) }
    }
    bench.clock.advance(.milliseconds(30 * day - 1))
    #expect(refused() == nil)
    bench.clock.advance(.milliseconds(1))
    #expect(refused()?.code == .modelNotFound)
    #expect(refused()?.message.contains("tiny-2") == true)
    #expect(refused()?.successor == name("tiny-2"))
    let other = try bench.meter.modelID(name("broken"))
    try store.retire(
      other, onMilliseconds: bench.clock.clock.wallMilliseconds(), emergency: name("wrong answers"))
    #expect(try store.auditTrail(limit: 1).first?.detail == "emergency: wrong answers")
  }

  @Test func aModelWhoseNoticeIsTakenBackIsServedAsBefore() throws {
    let bench = try MeterBench()
    let store = bench.meter.store
    let who = try bench.meter.authenticate(bench.key().text)
    #expect(faultCode { try store.keep(bench.model) } == .notFound)
    let now = bench.clock.clock.wallMilliseconds()
    try store.retire(bench.model, onMilliseconds: now + 30 * day)
    try store.keep(bench.model)
    bench.meter.refreshKeys()
    #expect(bench.meter.retirement(of: bench.model) == nil)
    bench.clock.advance(.milliseconds(31 * day))
    let refused = refusal { () throws(MeterError) in
      try bench.meter.look(who, model: bench.model)
    }
    #expect(refused == nil)
    let titles = try store.notices(for: AccountID(rawValue: 1)).map(\.title)
    #expect(titles.contains("Model tiny stays"))
    #expect(try store.auditTrail(limit: 1).first?.verb == "model.keep")
    #expect(faultCode { try store.keep(bench.model) } == .notFound)
  }

  @Test func `promise 31: going on under new terms is remembered once, with its time`() async throws
  {
    let bench = try MeterBench()
    let store = bench.meter.store
    let key = try bench.key()
    let account = key.record.account
    let who = try bench.meter.authenticate(key.text)
    let start = bench.clock.clock.wallMilliseconds()
    let first = try store.publishTerms(title: "Terms", text: Array("v1".utf8))
    let second = try store.publishTerms(
      title: "Terms", text: Array("v2".utf8), effectiveFromMilliseconds: start + 60_000)
    #expect(first.version == 1 && second.version == 2 && first.hash != second.hash)
    #expect(throws: UsageStoreError.self) {
      try store.publishTerms(title: "Old", text: [], effectiveFromMilliseconds: start - 1)
    }
    bench.meter.refreshKeys()
    for _ in 0..<9 {
      bench.clock.advance(.seconds(10))
      try await bench.meter.admit(who, bench.request()).settle(completed())
    }
    try await bench.meter.close()
    let look = try UsageStore(folder: bench.folder.path, mode: .administering)
    #expect(try look.acceptance(of: 1, by: account) == start + 10_000)
    #expect(try look.acceptance(of: 2, by: account) == start + 60_000)
    #expect(try look.acceptances() == [account: 2])
  }
}
