// Ids to text one at a time, whole characters only.

/// Turns ids into text as they come and never breaks a character: the bytes of an unfinished one
/// wait for the next id.
public struct StreamingDecoder: Sendable {
  private let tokenizer: TextTokenizer
  private let showingSpecial: Bool
  /// The beginning of a character, at most three bytes.
  private var waiting: [UInt8] = []

  /// A decoder that stands before the first id.
  public init(_ tokenizer: TextTokenizer, showingSpecial: Bool = false) {
    self.tokenizer = tokenizer
    self.showingSpecial = showingSpecial
  }

  /// The text that is complete with `id`; often empty within a character. Bytes that can no longer
  /// become a character are U+FFFD, as in `TextTokenizer.decode`.
  public mutating func append(_ id: TokenID) -> String {
    tokenizer.append(id, to: &waiting, showingSpecial: showingSpecial)
    let complete = waiting.count - unfinishedCount
    if complete == 0 { return "" }
    let text = String(decoding: waiting[..<complete], as: UTF8.self)
    waiting.removeFirst(complete)
    return text
  }

  /// What is left: U+FFFD if the last character was not finished. The decoder can be used again.
  public mutating func finish() -> String {
    defer { waiting = [] }
    return String(decoding: waiting, as: UTF8.self)
  }

  /// How many of the last bytes begin a character that is not complete but may become so.
  private var unfinishedCount: Int {
    for count in 1...3 where count <= waiting.count {
      let start = waiting.count - count
      let first = waiting[start]
      if first & 0xC0 == 0x80 { continue }
      let length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
      if first < 0xC2 || first > 0xF4 || count >= length { return 0 }
      // The second byte rules out overlong forms, surrogates and what lies above U+10FFFF.
      if count > 1 {
        let second = waiting[start + 1]
        let range: ClosedRange<UInt8> =
          switch first {
          case 0xE0: 0xA0...0xBF
          case 0xED: 0x80...0x9F
          case 0xF0: 0x90...0xBF
          case 0xF4: 0x80...0x8F
          default: 0x80...0xBF
          }
        if !range.contains(second) { return 0 }
      }
      return count
    }
    return 0
  }
}
