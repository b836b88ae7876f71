// What stands around calls: their ids, and the signs between them.

extension ToolCall {
  /// A new id.
  ///
  /// - Parameter isShort: whether of nine letters and digits (`ToolFormat.hasShortIDs`).
  static func newID(isShort: Bool) -> String {
    let letters = Array("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    let text = String((0..<(isShort ? 9 : 24)).map { _ in letters.randomElement() ?? "0" })
    return isShort ? text : "call_" + text
  }
}

extension HeldText {
  /// Bytes at the front of what stands between the objects of calls.
  ///
  /// - Parameter marksBeginWithBracket: `[` may begin a mark, which what follows it tells.
  func separatorCount(marksBeginWithBracket: Bool) -> Int {
    var rest = self
    while let first = rest.bytes.first {
      let isBracket =
        first == UInt8(ascii: "[") && !(marksBeginWithBracket && rest.mayBeginMark)
      guard
        first.isJSONSpace || isBracket || first == UInt8(ascii: ",") || first == UInt8(ascii: ";")
          || first == UInt8(ascii: "]")
      else { break }
      rest.drop(1)
    }
    return bytes.count - rest.bytes.count
  }

  /// Whether the text is `[` and a capital letter, or may become that.
  private var mayBeginMark: Bool {
    guard bytes.count > 1 else { return true }
    return (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(bytes[1])
  }
}

extension ToolCallParser {
  /// The name in what stands before arguments; nil where what begins names is missing.
  static func name(in head: String, _ start: String, _ ends: [String]) -> String? {
    var rest = head[...]
    if !start.isEmpty {
      guard let range = head.ranges(of: start).last else { return nil }
      rest = head[range.upperBound...]
    }
    let end = ends.compactMap { rest.firstRange(of: $0)?.lowerBound }.min() ?? rest.endIndex
    let name = rest[..<end].filter { !$0.isWhitespace }
    // Kimi's names have the namespace that its template gives them.
    let space = "functions."
    return name.hasPrefix(space) ? String(name.dropFirst(space.count)) : name
  }
}
