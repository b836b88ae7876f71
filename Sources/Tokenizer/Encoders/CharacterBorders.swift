// Borders that no token crosses. Text without other borders (SentencePiece merges a whole text at
// once) can be cut there, and each part merged, and cached, on its own with the same result.

/// Which characters never stand side by side inside one symbol of a vocabulary.
struct CharacterBorders: Sendable {
  /// By last byte of a character << 8 | first byte of the next: whether a symbol has them together.
  private var joined = [Bool](repeating: false, count: 1 << 16)

  /// U+2581, which stands for a space, has bytes of its own here (none of UTF-8), as it shares its
  /// first byte with much punctuation.
  private static let space: [UInt8] = [0xE2, 0x96, 0x81]
  private static let spaceMark: UInt8 = 0xFF

  /// How long a character is, told by its first byte alone; what follows is not looked at.
  @inline(__always)
  static func length(leading byte: UInt8) -> Int {
    byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
  }

  /// The borders of all strings of `symbols`.
  init(symbols: StringTable) {
    let bytes = symbols.bytes.span
    var joined = joined
    for index in 0..<symbols.count {
      let range = symbols.range(of: index)
      Self.visit(bytes, from: range.lowerBound, to: range.upperBound) { _, pair in
        joined[pair] = true
      }
    }
    self.joined = joined
  }

  /// Calls `body` for each border between characters: its place and the pair of bytes around it.
  @inline(__always)
  private static func visit(
    _ bytes: borrowing Span<UInt8>, from start: Int, to end: Int, _ body: (Int, Int) -> Void
  ) {
    var position = start
    var last = -1
    while position < end {
      let first = bytes[position]
      let next = min(end, position + length(leading: first))
      let isSpace =
        first == space[0] && next == position + 3 && bytes[position + 1] == space[1]
        && bytes[position + 2] == space[2]
      if last >= 0 { body(position, last << 8 | Int(isSpace ? spaceMark : first)) }
      last = Int(isSpace ? spaceMark : bytes[next - 1])
      position = next
    }
  }

  /// Calls `body` with start and end of each part of `bytes[start..<end]`.
  @inline(__always)
  func split(_ bytes: [UInt8], from start: Int, to end: Int, _ body: (Int, Int) -> Void) {
    var border = start
    Self.visit(bytes.span, from: start, to: end) { position, pair in
      if !joined[pair] {
        body(border, position)
        border = position
      }
    }
    if border < end { body(border, end) }
  }
}
