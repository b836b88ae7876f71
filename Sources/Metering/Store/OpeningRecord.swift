// What the file of openings holds of one request: sixteen numbers, and no room for a word.

/// The record of a request that is open.
package struct OpeningRecord: Sendable {
  /// Words of 64 bits, stored with the lowest byte first. 128 bytes never lie across two sectors of a
  /// disk.
  static let wordCount = 16
  /// The first word of every record of this version: `opening1`.
  private static let mark: UInt64 = 0x3167_6E69_6E65_706F
  private static let checkPlace = 10
  private static let progressPlace = 11
  /// No request of ours has as much, and sums over all records stay within 64 bits.
  private static let mostTokens: Int64 = 1 << 40
  /// The years that months are named after: up to 9999.
  private static let mostMilliseconds: Int64 = 253_402_300_800_000

  package let requestID: RequestID
  package let startedMilliseconds: Int64
  package let account: AccountID
  package let key: KeyID
  package let model: ModelID
  package let price: PriceID
  package let kind: RequestKind
  /// Nil where the metadata profile does not name it.
  package let role: KeyRole?
  package let promptTokens: Int64
  /// As the last checkpoint told.
  package let completionTokens: Int64

  /// Where in a record the words stand that say how far a request has come.
  static let progressPlaces = progressPlace..<progressPlace + 2

  /// Writes the words of a request that begins. It happens before each first token, with cold caches: so
  /// no array is made for it.
  static func write(
    _ row: OpenRow, keepsRole: Bool, to image: inout [UInt64], at start: Int
  ) {
    var (place, sum) = (start, seed)
    func put(_ word: UInt64) {
      image[place] = word.littleEndian
      place += 1
      sum = mixed(sum, word)
    }
    put(mark)
    put(row.requestID.high)
    put(row.requestID.low)
    put(pattern(row.startedMilliseconds))
    put(pattern(row.account.rawValue))
    put(pattern(row.key.rawValue))
    put(pattern(row.model.rawValue))
    put(pattern(row.price.rawValue))
    put(pattern(row.kind.rawValue) << 32 | (keepsRole ? pattern(row.role.rawValue) : 0))
    put(pattern(row.promptTokens))
    put(sum)
    writeProgress(of: row.requestID, completionTokens: 0, to: &image, at: start)
  }

  /// Writes the words that say how far a request has come. They have a checksum of their own: where
  /// writing them is cut short, the opening still stands.
  static func writeProgress(
    of id: RequestID, completionTokens: Int64, to image: inout [UInt64], at start: Int
  ) {
    let count = pattern(completionTokens)
    image[start + progressPlace] = count.littleEndian
    image[start + progressPlace + 1] = check(id, count).littleEndian
  }

  /// The record that these words are; nil where they are none, or not as they were written.
  init?(_ stored: some Collection<UInt64>) {
    let words = stored.map { UInt64(littleEndian: $0) }
    guard words.count == Self.wordCount, words[0] == Self.mark,
      words[Self.checkPlace] == words[..<Self.checkPlace].reduce(Self.seed, Self.mixed),
      let kind = RequestKind(rawValue: Int64(words[8] >> 32))
    else { return nil }
    let number = { Int64(bitPattern: words[$0]) }
    requestID = RequestID(high: words[1], low: words[2])
    startedMilliseconds = number(3)
    account = AccountID(rawValue: number(4))
    key = KeyID(rawValue: number(5))
    model = ModelID(rawValue: number(6))
    price = PriceID(rawValue: number(7))
    self.kind = kind
    role = KeyRole(rawValue: Int64(words[8] & 0xFFFF_FFFF))
    promptTokens = number(9)
    let count = number(Self.progressPlace)
    let isWhole =
      words[Self.progressPlace + 1] == Self.check(requestID, words[Self.progressPlace])
    completionTokens = isWhole && (0..<Self.mostTokens).contains(count) ? count : 0
    // The checksum tells damage and not intent: a number of somebody else's must not stop a start.
    guard (0..<Self.mostMilliseconds).contains(startedMilliseconds),
      (0..<Self.mostTokens).contains(promptTokens)
    else { return nil }
  }

  private static func pattern(_ value: Int64) -> UInt64 { UInt64(bitPattern: value) }

  private static func check(_ id: RequestID, _ count: UInt64) -> UInt64 {
    mixed(mixed(mixed(seed, id.high), id.low), count)
  }

  private static let seed: UInt64 = 0x9E37_79B9_7F4A_7C15

  /// A checksum with one more word, in which every bit of it counts, at its place (the mixing of
  /// SplitMix64).
  private static func mixed(_ sum: UInt64, _ word: UInt64) -> UInt64 {
    var value = (sum ^ word) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return (value ^ value >> 31) &+ seed
  }
}
