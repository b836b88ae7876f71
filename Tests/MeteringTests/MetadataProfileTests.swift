// What is kept of a request is what was published, column by column and byte by byte.

import FoundationEssentials
import GRDB
import Metering
import Testing

@Suite struct MetadataProfileTests {
  /// What a bill needs, in every profile.
  private static let core: Set<String> = [
    "seq", "request_id", "started_ms", "settled_ms", "account_id", "key_id", "model_id", "kind",
    "in_tok", "cached_tok", "out_tok", "reason_tok", "audio_ms", "price_id", "cost_p", "billable",
  ]
  private static let python = "OpenAI/Python 1.54.3 (secret words)"

  /// A meter that has served one request from 192.0.2.77.
  private func served(under profile: MetadataProfile) async throws -> (MeterBench, NewKey) {
    let bench = try MeterBench { $0.profile = profile }
    let key = try bench.key()
    try await serve(bench, key)
    return (bench, key)
  }

  private func serve(_ bench: MeterBench, _ key: NewKey) async throws {
    let who = try bench.meter.authenticate(key.text)
    var request = bench.request()
    request.client = ClientTraits(address: NetworkAddress("192.0.2.77"), userAgent: Self.python)
    try await bench.meter.admit(who, request).settle(completed())
  }

  private func columns(of table: String, in path: String) throws -> Set<String> {
    try DatabaseQueue(path: path).read { Set(try $0.columns(in: table).map(\.name)) }
  }

  /// The columns of usage and of the lines about clients, as they are on the disk.
  private func columns(_ store: UsageStore) throws -> (usage: Set<String>, clients: Set<String>) {
    let folder = store.folder
    let day = try store.personalDays().first
    return (
      try columns(of: "event", in: folder + "/events-2026-11.db"),
      try day.map { try columns(of: "pii", in: "\(folder)/pii-\($0).db") } ?? []
    )
  }

  /// The names of files of a folder that hold a text.
  private func files(of folder: String, holding text: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).filter {
      try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\($0)")).range(of: Data(text.utf8))
        != nil
    }
  }

  @Test func `promise 22: the first list is kept, and nothing beside it`() async throws {
    let (bench, _) = try await served(under: .entrim)
    let columns = try columns(bench.meter.store)
    #expect(columns.usage == Self.core)
    #expect(columns.clients == ["request_id", "agent"])
    let row = try #require(try bench.rows().first)
    #expect(row.status == nil && row.httpStatus == nil && row.latencyMicroseconds == nil)
    #expect(row.role == nil && row.firstTokenMicroseconds == nil)
    let day = try #require(try bench.meter.store.personalDays().first)
    #expect(
      try bench.meter.store.personalRows(of: day)
        == [row.requestID: [.agent: "openai-python/1.54.3"]])
    #expect(try files(of: bench.folder.path, holding: "192.0.2.77").isEmpty)
    #expect(try files(of: bench.folder.path, holding: "secret words").isEmpty)
  }

  @Test func `promise 23: the second list is kept, and nothing beside it`() async throws {
    let (bench, _) = try await served(under: .ut)
    let columns = try columns(bench.meter.store)
    #expect(columns.usage == Self.core.union(["role", "status", "http", "latency_us"]))
    #expect(columns.clients == ["request_id", "ip"])
    let row = try #require(try bench.rows().first)
    #expect(row.role == .service && row.status == .completed && row.httpStatus == 200)
    #expect(row.latencyMicroseconds == 7000 && row.firstTokenMicroseconds == nil)
    let day = try #require(try bench.meter.store.personalDays().first)
    #expect(
      try bench.meter.store.personalRows(of: day) == [row.requestID: [.address: "192.0.2.77"]])
    #expect(try files(of: bench.folder.path, holding: "openai-python").isEmpty)
  }

  @Test(
    arguments: [
      (MetadataProfile.core, [] as Set<String>),
      (.standard, ["status", "http", "ttft_us", "latency_us"]),
    ] as [(MetadataProfile, Set<String>)]) func otherProfilesKeepNoLineAboutClients(
      profile: MetadataProfile, more: Set<String>
    )
    async throws
  {
    let (bench, _) = try await served(under: profile)
    let columns = try columns(bench.meter.store)
    #expect(columns.usage == Self.core.union(more))
    #expect(columns.clients.isEmpty)
    #expect(try bench.meter.store.personalDays().isEmpty)
  }

  @Test func `promise 24: an export has what its purpose may have, and a bill no address`()
    async throws
  {
    for profile in MetadataProfile.allCases {
      let (bench, _) = try await served(under: profile)
      let month = try #require(UTCMonth("2026-11"))
      for purpose in Purpose.allCases {
        let export = try bench.meter.store.exportUsage(month: month, for: purpose)
        #expect(export.rows.count == 1)
        for field in export.fields {
          #expect(profile.names(field) && field.purposes.contains(purpose))
        }
      }
      let bill = try bench.meter.store.exportUsage(month: month, for: .billing)
      #expect(Set(bill.fields.map(\.rawValue)) == Self.core.subtracting(["seq"]))
      #expect(
        !bill.rows[0].contains("192.0.2.77") && !bill.rows[0].contains("openai-python/1.54.3"))
      let abuse = try bench.meter.store.exportUsage(month: month, for: .abuse)
      #expect(abuse.fields.contains(.address) == (profile == .ut))
      #expect(abuse.rows[0].contains("192.0.2.77") == (profile == .ut))
      #expect(abuse.rows[0].contains("openai-python/1.54.3") == (profile == .entrim))
      #expect(!abuse.fields.contains(.cost))
    }
  }

  @Test func everyFieldHasAPurposeAndEveryColumnAProfile() {
    for field in MetadataField.allCases {
      #expect(!field.purposes.isEmpty)
      #expect(MetadataProfile.allCases.contains { $0.names(field) })
    }
  }

  @Test func anotherProfileTakesAwayWhatItDoesNotName() async throws {
    let (bench, key) = try await served(under: .ut)
    let copy = TemporaryFolder()
    try await bench.meter.close()
    try FileManager.default.copyItem(atPath: bench.folder.path, toPath: copy.path)
    var configuration = MeterConfiguration(folder: copy.path)
    configuration.clock = bench.clock.clock
    configuration.profile = .entrim
    let meter = try Meter(configuration)
    #expect(try columns(meter.store).usage == Self.core)
    let who = try meter.authenticate(key.text)
    var request = bench.request()
    request.client = ClientTraits(address: NetworkAddress("192.0.2.78"), userAgent: Self.python)
    try await meter.admit(who, request).settle(completed())
    #expect(try columns(meter.store).clients == ["request_id", "agent"])
    #expect(try files(of: copy.path, holding: "192.0.2.7").isEmpty)
    #expect(try meter.store.auditTrail().filter { $0.verb == "profile.set" }.count == 2)
    let month = try #require(UTCMonth("2026-11"))
    #expect(try meter.store.usageRows(month: month).count == 2)
    // One who only looks finds the profile that holds.
    try await meter.close()
    let store = try UsageStore(folder: copy.path, mode: .administering)
    #expect(store.profile == .entrim)
    try store.close()
  }

  @Test func addressesBecomeNetworksAndThenTheFileGoes() async throws {
    let (bench, key) = try await served(under: .ut)
    // Seven days for addresses, thirty for the rest: nothing is older than it is said to be.
    bench.clock.advance(.seconds(7 * 86_400))
    #expect(try bench.meter.store.runPersonalRetention().isEmpty)
    #expect(try files(of: bench.folder.path, holding: "192.0.2.77").isEmpty)
    let day = try #require(try bench.meter.store.personalDays().first)
    #expect(
      try bench.meter.store.personalRows(of: day).values.map { $0[.address] } == ["192.0.2.0/24"])
    try await serve(bench, key)
    bench.clock.advance(.seconds(23 * 86_400))
    #expect(try bench.meter.store.retentionPlan().days == [day])
    #expect(try bench.meter.store.runRetention().days == [day])
    #expect(try bench.meter.store.personalDays() == [day.adding(days: 7)])
  }

  @Test func whatIsKnownOfClientsGoesWithTheirEventsAtTheLatest() async throws {
    let (bench, _) = try await served(under: .ut)
    let store = bench.meter.store
    var periods = RetentionPeriods()
    periods.eventMonths = 2
    periods.clientDays = 366
    periods.addressDays = 366
    try store.setRetention(periods)
    let day = try #require(try store.personalDays().first)
    let month = try #require(try store.months().first)
    // To January: the second month after November.
    bench.clock.advance(.seconds(60 * 86_400))
    #expect(try store.runRetention().days.isEmpty)
    #expect(try !files(of: bench.folder.path, holding: "192.0.2.77").isEmpty)
    bench.clock.advance(.seconds(31 * 86_400))
    let plan = try store.runRetention()
    #expect(plan.days == [day] && plan.months == [month])
    #expect(try store.personalDays().isEmpty && store.months().isEmpty)
    #expect(try files(of: bench.folder.path, holding: "192.0.2.77").isEmpty)
  }

  @Test func anErasedAccountLeavesNoAddress() async throws {
    let (bench, key) = try await served(under: .ut)
    let store = bench.meter.store
    let export = try store.export(key.record.account)
    #expect(export.requests.first?.described["ip"] == "192.0.2.77")
    #expect(export.requests.first?.described["agent"] == nil)
    try store.setState(.terminating, of: key.record.account)
    try store.setState(.closed, of: key.record.account)
    try store.erase(key.record.account)
    #expect(try files(of: bench.folder.path, holding: "192.0.2.77").isEmpty)
    #expect(try bench.rows().count == 1)
  }

  @Test func aCrashedRequestKeepsItsRole() async throws {
    let (bench, key) = try await served(under: .ut)
    let who = try bench.meter.authenticate(key.text)
    let running = try bench.meter.admit(who, bench.request())
    try await running.opened()
    let copy = TemporaryFolder()
    _ = try bench.meter.store.backUp(to: copy.path)
    let store = try UsageStore(
      folder: copy.path, mode: .serving, clock: bench.clock.clock, profile: .ut)
    let month = try #require(UTCMonth("2026-11"))
    let row = try #require(try store.usageRows(month: month).first)
    #expect(row.status == .abortedByCrash && row.role == .service && !row.isBillable)
    try store.close()
    try await running.settle(completed())
  }

  @Test(arguments: [
    ("OpenAI/Python 1.54.3", "openai-python/1.54.3"), ("curl/8.5.0", "curl/8.5.0"),
    ("AsyncOpenAI/Python 2.0", "openai-python-async/2.0"), ("curl/", "curl"),
    ("Mozilla/5.0 (X11) Gecko/20100101 Firefox/1", "browser/5.0"), ("node", "node"),
    ("curl/12345.67890.11111.22222 said", "curl/1234.6789.1111"), ("", "other"),
    ("curl/٣.1", "curl"), ("what was said", "other"), ("openai/python 1", "other"),
  ]) func aProgramIsOneOfAListWithNumbers(header: String, name: String) {
    #expect(ClientAgent(header: header).description == name)
    #expect(ClientAgent(header: header).description.utf8.count <= 45)
  }

  @Test(arguments: [
    ("192.0.2.77", "192.0.2.77"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
    ("::ffff:192.0.2.1", "192.0.2.1"), ("::1", "0:0:0:0::"),
  ]) func anAddressIsWrittenAndReadBack(text: String, written: String) throws {
    let address = try #require(NetworkAddress(text))
    #expect(address.description == written)
    #expect(NetworkAddress(written) == address)
  }
}
