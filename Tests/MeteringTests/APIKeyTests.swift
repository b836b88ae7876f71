// The text of keys, and what is stored of them.

import FoundationEssentials
import GRDB
import Metering
import Testing

@Suite struct APIKeyTests {
  /// Made with Python's `zlib.crc32` and a plain base-62 division over bytes 0, 1, … 37.
  private static let known =
    "apus_live_004iwreH_1QcDiGl0T3N0Z2kyMqBv8wT0m7ZJomRrsEYtUOsxzyX1mNJC4"

  @Test func aKeyOfKnownBytesHasTheKnownText() {
    #expect(APIKey(randomBytes: Array(0..<38))?.text == Self.known)
    #expect(APIKey(Self.known)?.publicName.description == "004iwreH")
    #expect(APIKey(randomBytes: Array(0..<37)) == nil)
  }

  @Test func everyKeyHasTheSameShape() throws {
    var generator = SeededGenerator(seed: 1)
    for _ in 0..<500 {
      let bytes = (0..<38).map { _ in UInt8.random(in: 0...255, using: &generator) }
      let key = try #require(APIKey(randomBytes: bytes))
      #expect(key.text.utf8.count == 10 + 8 + 1 + 43 + 6)
      #expect(key.text.hasPrefix("apus_live_"))
      #expect(APIKey(key.text)?.text == key.text)
      #expect(KeyName(key.publicName.description) == key.publicName)
    }
    let extremes = [[UInt8](repeating: 0, count: 38), [UInt8](repeating: 255, count: 38)]
    for bytes in extremes { #expect(APIKey(randomBytes: bytes) != nil) }
  }

  @Test func keysBeginAsTheOperatorSaysAndThoseBeforeGoOn() throws {
    let bench = try MeterBench()
    let store = bench.meter.store
    let old = try bench.key()
    #expect(old.text.hasPrefix("apus_live_"))
    for (text, isTest, head) in [
      ("sk-apus", false, "sk-apus_live_"), ("lab", true, "lab_test_"), ("a", false, "a_live_"),
      ("apus", false, "apus_live_"),
    ] {
      try store.setKeyBrand(#require(KeyBrand(text, isTest: isTest)))
      let new = try bench.key()
      #expect(new.text.hasPrefix(head))
      #expect(try bench.meter.authenticate(new.text).key == new.record.id)
      // The head belongs to the key: under another one the checksum is wrong.
      let swapped = "other_live_" + new.text.dropFirst(head.count)
      #expect(APIKey(swapped) == nil)
      let replaced = try store.rotateKey(new.record.name, grace: .seconds(60))
      #expect(replaced.text.hasPrefix(head))
    }
    #expect(try bench.meter.authenticate(old.text).key == old.record.id)
    #expect(try store.auditTrail().count { $0.verb == "key.brand" } == 4)
  }

  @Test(arguments: [
    "", "1a", "-a", "Apus", "a_b", "a b", "ä", "a\n", String(repeating: "a", count: 17),
  ])
  func whatIsNoBrandIsRefused(text: String) {
    #expect(KeyBrand(text) == nil)
  }

  @Test func keysOfTheAdministrationOpenNothingElseAndNoKeyOpensThat() throws {
    let key = try #require(APIKey.admin(randomBytes: Array(0..<38)))
    #expect(key.text.hasPrefix("apus_admin_"))
    #expect(APIKey(key.text) == nil)
    #expect(APIKey(key.text, kind: .admin)?.text == key.text)
    #expect(APIKey(Self.known, kind: .admin) == nil)
  }

  @Test func aKeyNeitherBeginsNorIsReplacedAfterItsEnd() throws {
    let bench = try MeterBench()
    let store = bench.meter.store
    let now = bench.clock.clock.wallMilliseconds()
    let late = #expect(throws: UsageStoreError.self) {
      _ = try store.createKey(label: name("late"), expiresMilliseconds: now)
    }
    #expect(late?.code == .wrongState)
    let key = try store.createKey(label: name("short"), expiresMilliseconds: now + 1)
    bench.clock.jump(wallMilliseconds: 1)
    let error = #expect(throws: UsageStoreError.self) {
      _ = try store.rotateKey(key.record.name, grace: .seconds(60))
    }
    #expect(error?.code == .wrongState)
    #expect(try store.keys().count == 1)
  }

  @Test func everyMistypedCharacterIsNoticed() {
    let bytes = Array(Self.known.utf8)
    for index in bytes.indices {
      var changed = bytes
      changed[index] = bytes[index] == UInt8(ascii: "x") ? UInt8(ascii: "y") : UInt8(ascii: "x")
      #expect(APIKey(String(decoding: changed, as: UTF8.self)) == nil)
    }
    #expect(APIKey(Self.known + "0") == nil)
    #expect(APIKey(String(Self.known.dropLast())) == nil)
    #expect(APIKey(" " + Self.known.dropLast()) == nil)
  }

  /// The digest was made with Python's `hmac` from a pepper of bytes 0, 1, … 31.
  @Test func aKeyIsRecognisedByItsHMACUnderThePepper() throws {
    let folder = TemporaryFolder()
    try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
    let pepper = folder.path + "/pepper-1"
    try Data(0..<32).write(to: URL(fileURLWithPath: pepper))
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: pepper)
    try UsageStore(folder: folder.path, mode: .administering).close()
    let database = try DatabaseQueue(path: folder.path + "/meter.db")
    try database.write { db in
      try db.execute(
        literal: """
          INSERT INTO account VALUES (1, 'default', 2, NULL, 0, 1, NULL);
          INSERT INTO api_key VALUES (5, 1, '004iwreH',
            x'0b9f34484e08521dadeac0a75c6d1274c5b699963d9c281c2360cbd91f8415e1', 1, 5, 'known',
            1, 0, NULL, NULL, NULL, NULL, NULL);
          """)
    }
    try database.close()
    let meter = try Meter(MeterConfiguration(folder: folder.path))
    #expect(try meter.authenticate(Self.known).key == KeyID(rawValue: 5))
  }

  @Test func nothingOfAKeysSecretIsOnTheDisk() throws {
    let folder = TemporaryFolder()
    let store = try UsageStore(folder: folder.path, mode: .administering)
    let key = try store.createKey(label: name("laptop"))
    #expect(try store.keys() == [key.record])
    let secret = Data(key.text.utf8.dropFirst(19))
    for _ in 0..<2 {
      for file in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
        let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/\(file)"))
        #expect(bytes.firstRange(of: secret) == nil)
      }
      try? store.close()
    }
  }

  @Test func keysAreAllDifferent() throws {
    let folder = TemporaryFolder()
    let store = try UsageStore(folder: folder.path, mode: .administering)
    let keys = try (0..<50).map { _ in try store.createKey(label: name("one")) }
    #expect(Set(keys.map(\.text)).count == 50)
    #expect(Set(keys.map(\.record.name)).count == 50)
    #expect(try store.keys().map(\.id.rawValue) == Array(1...50))
  }

  @Test func thePepperIsItsOwnersAlone() throws {
    let folder = TemporaryFolder()
    try UsageStore(folder: folder.path, mode: .administering).close()
    let path = folder.path + "/pepper-1"
    let rights = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    #expect(rights == 0o600)
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
    let error = #expect(throws: UsageStoreError.self) {
      _ = try UsageStore(folder: folder.path, mode: .administering)
    }
    #expect(error?.code == .unusablePepper)
  }

  @Test func aLostPepperIsNotReplacedWhileKeysDependOnIt() throws {
    let folder = TemporaryFolder()
    let store = try UsageStore(folder: folder.path, mode: .administering)
    _ = try store.createKey(label: name("one"))
    try store.close()
    try FileManager.default.removeItem(atPath: folder.path + "/pepper-1")
    let error = #expect(throws: UsageStoreError.self) {
      _ = try UsageStore(folder: folder.path, mode: .administering)
    }
    #expect(error?.code == .unusablePepper)
  }

  @Test(arguments: ["", String(repeating: "a", count: 65), "two\nlines", "bell\u{7}"])
  func textThatIsNoShortNameIsRefused(text: String) {
    #expect(ShortName(text) == nil)
  }
}
