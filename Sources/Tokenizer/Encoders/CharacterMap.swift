// SentencePiece's precompiled_charsmap: a double array (a tree of byte strings in one array of
// 32-bit units) from what is written to what it becomes, then the replacements, each ended by a
// zero byte. Layout: https://github.com/s-yata/darts-clone

/// Replacements of byte strings.
struct CharacterMap: Sendable {
  /// The replacements.
  let bytes: [UInt8]
  private let units: [UInt32]

  /// Reads a map; an empty one replaces nothing. Layout: byte count of the units (4 bytes, little
  /// endian), the units, the replacements.
  init(_ map: [UInt8]) throws(TokenizerError) {
    if map.isEmpty {
      (bytes, units) = ([], [])
      return
    }
    guard map.count > 4 else {
      throw .invalidCharacterMap("it has \(map.count) bytes, at least 5 are needed")
    }
    func number(_ start: Int) -> UInt32 {
      (0..<4).reduce(0) { $0 | UInt32(map[start + $1]) << UInt32($1 * 8) }
    }
    let size = Int(number(0))
    guard size < map.count - 4, size % 4 == 0 else {
      throw .invalidCharacterMap(
        "its tree should take \(size) bytes, a multiple of 4 below its \(map.count - 4)")
    }
    guard map.last == 0 else {
      throw .invalidCharacterMap("its last replacement is not ended by a zero byte")
    }
    units = stride(from: 4, to: 4 + size, by: 4).map(number)
    bytes = Array(map[(4 + size)...])
  }

  /// The longest string that begins at `start`: where its replacement lies in `bytes`, and its own
  /// length. A tree that leads outside itself ends there.
  func longestMatch(in text: [UInt8], from start: Int, to end: Int) -> (Range<Int>, length: Int)? {
    guard !units.isEmpty else { return nil }
    var match: (Range<Int>, length: Int)?
    var node = Self.offset(units[0])
    var position = start
    while position < end, text[position] != 0 {
      node ^= Int(text[position])
      guard node < units.count, units[node] & 0x8000_00FF == UInt32(text[position]) else { break }
      position += 1
      let hasValue = units[node] >> 8 & 1 == 1
      node ^= Self.offset(units[node])
      guard hasValue else { continue }
      guard node < units.count else { break }
      let first = Int(units[node] & 0x7FFF_FFFF)
      guard first < bytes.count, let last = bytes[first...].firstIndex(of: 0) else { break }
      match = (first..<last, position - start)
    }
    return match
  }

  /// How far a unit's children are from it.
  private static func offset(_ unit: UInt32) -> Int {
    Int(unit >> 10) << (unit & 1 << 9 != 0 ? 8 : 0)
  }
}
