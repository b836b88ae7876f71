// Another pepper after one that may have leaked: keys of both work side by side.

import FoundationEssentials
import Metering
import Testing

@Suite struct PepperTests {
  @Test func keysOfTwoPeppersWorkSideBySide() throws {
    let bench = try MeterBench()
    let store = bench.meter.store
    let first = try bench.key()
    let oldAdmin = try store.createAdminKey(label: name("old"))
    #expect(try store.makePepper() == 2)
    // A process that has the folder open already takes the new one.
    let second = try store.createKey(label: name("second"))
    bench.meter.refreshKeys()
    for key in [first, second] {
      #expect(try bench.meter.authenticate(key.text).key == key.record.id)
    }
    #expect(try store.pepperUse().map { [$0.id, Int64($0.keys)] } == [[2, 1], [1, 1]])
    #expect(try store.pepperUse().map(\.isNewest) == [true, false])
    let advice = try store.examine().first { $0.subject == "pepper" }
    #expect(advice?.state == .advice && advice?.text.hasPrefix("1 keys ") == true)
    let newAdmin = try store.createAdminKey(label: name("new"))
    for key in [oldAdmin, newAdmin] {
      #expect(try store.adminKey(key.text)?.name == key.record.name)
    }

    // With the last key of the older one its file may go.
    let third = try store.rotateKey(first.record.name, grace: .zero)
    try store.revokeKey(first.record.name)
    try FileManager.default.removeItem(atPath: bench.folder.path + "/pepper-1")
    bench.meter.refreshKeys()
    for key in [second, third] {
      #expect(try bench.meter.authenticate(key.text).key == key.record.id)
    }
    #expect(code(bench, first) == .invalidAPIKey)
    #expect(try store.examine().allSatisfy { $0.subject != "pepper" })
    #expect(try store.adminKey(oldAdmin.text) == nil)
    #expect(try store.reportLeak(first.text) == nil)
    #expect(try store.reportLeak(third.text)?.key.id == third.record.id)
    try UsageStore(folder: bench.folder.path, mode: .administering).close()
    let copy = TemporaryFolder()
    #expect(try store.backUp(to: copy.path).contains("pepper-2"))
    #expect(try store.makePepper() == 3)
  }

  @Test func aPepperThatWasLostMeanwhileHoldsBackNoRevocation() throws {
    let bench = try MeterBench()
    let (first, second) = (try bench.key(), try bench.key())
    try FileManager.default.removeItem(atPath: bench.folder.path + "/pepper-1")
    try bench.meter.store.revokeKey(first.record.name)
    bench.meter.refreshKeys()
    #expect(code(bench, first) == .invalidAPIKey)
    #expect(code(bench, second) == nil)
  }

  @Test func aCredentialOfTheServiceComesFirst() throws {
    let (folder, credentials) = (TemporaryFolder(), TemporaryFolder())
    let files = FileManager.default
    try files.createDirectory(atPath: credentials.path, withIntermediateDirectories: true)
    let path = credentials.path + "/pepper-4"
    // With the right of a list of access, as systemd gives it.
    let isMade = files.createFile(
      atPath: path, contents: Data(0..<32), attributes: [.posixPermissions: 0o440])
    #expect(isMade)
    func open(_ credentials: String?) throws -> UsageStore {
      try UsageStore(folder: folder.path, mode: .administering, credentials: credentials)
    }
    let store = try open(credentials.path)
    _ = try store.createKey(label: name("one"))
    #expect(try store.pepperUse().map { [$0.id, Int64($0.keys)] } == [[4, 1]])
    #expect(!files.fileExists(atPath: folder.path + "/pepper-1"))
    try store.close()
    #expect(faultCode { try open(nil).close() } == .unusablePepper)
    #expect(faultCode { try open(credentials.path).close() } == nil)
    // One of the number in the folder too has to be the same one.
    for (bytes, code) in [(0..<32, nil), (1..<33, .unusablePepper)]
      as [(Range<UInt8>, UsageStoreError.Code?)]
    {
      _ = files.createFile(
        atPath: folder.path + "/pepper-4", contents: Data(bytes),
        attributes: [.posixPermissions: 0o600])
      #expect(faultCode { try open(credentials.path).close() } == code)
    }
    try files.removeItem(atPath: folder.path + "/pepper-4")
    try files.setAttributes([.posixPermissions: 0o444], ofItemAtPath: path)
    #expect(faultCode { try open(credentials.path).close() } == .unusablePepper)
  }

  private func code(_ bench: MeterBench, _ key: NewKey) -> MeterError.Code? {
    refusal { () throws(MeterError) in _ = try bench.meter.authenticate(key.text) }?.code
  }
}
