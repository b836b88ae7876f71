// The roads of notices: mail that waits for one, webhooks whose address or secret was taken back.

import FoundationEssentials
import GRDB
import Metering
import TestSupport
import Testing

@Suite struct NoticeRoadTests {
  private func told() throws -> MeterBench {
    let bench = try MeterBench()
    let account = try bench.key().record.account
    try bench.meter.store.setMember("a@lab.example", role: .owner, of: account)
    return bench
  }

  private func channels(mail: Bool = false, webhook: String = "") -> NoticeChannels {
    var channels = NoticeChannels()
    channels.sendmail = mail ? "/usr/sbin/sendmail -t" : ""
    channels.sender = mail ? "apus@host.example" : ""
    channels.webhook = webhook
    return channels
  }

  @Test(arguments: ["", "https://hooks.example/apus"])
  func mailWaitsUntilItHasAWay(webhook: String) throws {
    let bench = try told()
    let store = bench.meter.store
    try store.setChannels(channels(webhook: webhook))
    _ = try store.publishNotice(title: "T", body: "B")
    func advice() throws -> String? { try store.examine().first { $0.subject == "notices" }?.text }
    #expect(try advice()?.contains("1 mails wait") == true)
    if let post = try store.claimDelivery() {
      #expect(post.channel == .webhook && !webhook.isEmpty)
      try store.noteDelivery(post, succeeded: true)
    }
    #expect(try store.claimDelivery() == nil)
    bench.clock.advance(.seconds(2 * 86_400))
    #expect(try store.claimDelivery() == nil)
    try store.setChannels(channels(mail: true, webhook: webhook))
    let mail = try #require(try store.claimDelivery())
    #expect(mail.channel == .mail && mail.target == "a@lab.example" && mail.attempts == 0)
    try store.noteDelivery(mail, succeeded: true)
    #expect(try advice() == nil)
  }

  @Test func whatWasGivenUpCanBeTriedAgain() throws {
    let bench = try told()
    let store = bench.meter.store
    try store.setChannels(channels(mail: true))
    _ = try store.publishNotice(title: "T", body: "B")
    for _ in 0..<6 {
      try store.noteDelivery(try #require(try store.claimDelivery()), succeeded: false)
      bench.clock.advance(.seconds(86_400))
    }
    #expect(try store.claimDelivery() == nil)
    #expect(try store.deliveries(dueOnly: false).map(\.state) == [.failed])
    #expect(try store.retryDeliveries() == 1)
    #expect(try store.claimDelivery()?.attempts == 0)
    #expect(try store.retryDeliveries() == 0)
  }

  @Test func postsGoToTheAddressThatHolds() throws {
    let bench = try told()
    let store = bench.meter.store
    try store.setChannels(channels(webhook: "https://old.example/secret"))
    _ = try store.publishNotice(title: "T", body: "B")
    let secret = try store.channels().secret
    try store.setChannels(channels(webhook: "https://new.example/"))
    #expect(try store.claimDelivery()?.target == "https://new.example/")
    #expect(try store.channels().secret == secret)
    try store.setChannels(channels(webhook: "https://new.example/"), newSecret: true)
    #expect(try store.channels().secret != secret)
    #expect(try store.channels().secret.count == 32)
    bench.clock.advance(.seconds(600))
    try store.setChannels(channels())
    #expect(try store.claimDelivery() == nil)
    #expect(try store.deliveries(dueOnly: false).map(\.channel) == [.mail])
  }

  /// The example of the operating guide, made with Python's `hmac`.
  @Test func aSignatureIsAsTheGuideShowsIt() throws {
    let bench = try told()
    let store = bench.meter.store
    try store.setChannels(channels(webhook: "https://hooks.example/apus"))
    let database = try DatabaseQueue(path: bench.folder.path + "/meter.db")
    try database.write {
      try $0.execute(sql: "UPDATE channel SET secret = ?", arguments: [Data(0..<32)])
    }
    try database.close()
    let channels = try store.channels()
    let body =
      #"{"delivery":7,"notice":3,"title":"Maintenance","body":"On Sunday.","invoice":null}"#
    let signature = try #require(channels.signature(of: body, atSecond: 1_795_000_000))
    #expect(
      signature
        == "t=1795000000,v1=b04f365e82af956c0015f2fe471235d9c49f0f8f669ec366c1521374308057a6")
    let guide = try String(
      contentsOfFile: Fixtures.packageRoot + "/Documentation/operating.md", encoding: .utf8)
    for text in [hexText(channels.secret), body, signature] { #expect(guide.contains(text)) }
  }
}
