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

  /// Where in a record the words stand that ``progress(of:completionTokens:)`` gives.
  static let progressPlaces = progressPlace..<progressPlace + 2

  /// The words of a request that begins.
  static func words(of row: OpenRow, keepsRole: Bool) -> [UInt64] {
    var words: [UInt64] = [
      mark, row.requestID.high, row.requestID.low, pattern(row.startedMilliseconds),
      pattern(row.account.rawValue), pattern(row.key.rawValue), pattern(row.model.rawValue),
      pattern(row.price.rawValue),
      pattern(row.kind.rawValue) << 32 | (keepsRole ? pattern(row.role.rawValue) : 0),
      pattern(row.promptTokens),
    ]
    words.append(check(words))
    words += progress(of: row.requestID, completionTokens: 0)
    words += Array(repeating: 0, count: wordCount - words.count)
    return words.map(\.littleEndian)
  }

  /// The words that say how far a request has come. They have a checksum of their own: where writing
  /// them is cut short, the opening still stands.
  static func progress(of id: RequestID, completionTokens: Int64) -> [UInt64] {
    let count = pattern(completionTokens)
    return [count, check([id.high, id.low, count])]
  }

  /// The record that these words are; nil where they are none, or not as they were written.
  init?(_ stored: some Collection<UInt64>) {
    let words = stored.map { UInt64(littleEndian: $0) }
    guard words.count == Self.wordCount, words[0] == Self.mark,
      words[Self.checkPlace] == Self.check(words[..<Self.checkPlace]),
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
    let progress = words[Self.progressPlaces]
    let count = number(Self.progressPlace)
    let isWhole = progress.elementsEqual(
      Self.progress(of: requestID, completionTokens: count).map(\.littleEndian))
    completionTokens = isWhole && (0..<Self.mostTokens).contains(count) ? count : 0
    // The checksum tells damage and not intent: a number of somebody else's must not stop a start.
    guard (0..<Self.mostMilliseconds).contains(startedMilliseconds),
      (0..<Self.mostTokens).contains(promptTokens)
    else { return nil }
  }

  private static func pattern(_ value: Int64) -> UInt64 { UInt64(bitPattern: value) }

  /// 64 bits in which every bit of every word counts, at its place (the mixing of SplitMix64).
  static func check(_ words: some Sequence<UInt64>) -> UInt64 {
    var sum: UInt64 = 0x9E37_79B9_7F4A_7C15
    for word in words {
      var value = (sum ^ word) &* 0xBF58_476D_1CE4_E5B9
      value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
      sum = (value ^ value >> 31) &+ 0x9E37_79B9_7F4A_7C15
    }
    return sum
  }
}
