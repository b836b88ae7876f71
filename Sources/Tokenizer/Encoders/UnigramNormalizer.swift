// SentencePiece's normalisation before a Unigram model: characters replaced by the vocabulary's
// rules, spaces written as U+2581, put in front and merged as the vocabulary asks.

/// Normalises texts.
struct UnigramNormalizer: Sendable {
  let map: CharacterMap
  /// Tokens whose spellings are not touched.
  let userDefined: ByteTrie
  let addsSpacePrefix: Bool
  let removesExtraSpaces: Bool

  private static let space: [UInt8] = [0xE2, 0x96, 0x81]
  private static let replacement: [UInt8] = [0xEF, 0xBF, 0xBD]

  /// The normal form of `bytes[start..<end]`.
  func normalize(_ bytes: [UInt8], from start: Int, to end: Int) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity((end - start) * 2)
    var hasPrefix = false
    var isInWord = false
    func add(_ part: ArraySlice<UInt8>) {
      for byte in part {
        if byte == 0x20 {
          isInWord = false
          if !removesExtraSpaces { result += Self.space }
          continue
        }
        if !isInWord {
          isInWord = true
          if addsSpacePrefix && !hasPrefix || removesExtraSpaces {
            result += Self.space
            hasPrefix = true
          }
        }
        result.append(byte)
      }
    }
    var position = start
    while position < end {
      if let (_, length) = userDefined.longestMatch(in: bytes, from: position, to: end) {
        add(bytes[position..<position + length])
        position += length
      } else if let (range, length) = map.longestMatch(in: bytes, from: position, to: end) {
        add(map.bytes[range])
        position += length
      } else {
        let character = bytes.character(at: position, before: end)
        if character.codePoint == 0xFFFD, character.length == 1 {
          add(Self.replacement[...])
        } else {
          add(bytes[position..<position + character.length])
        }
        position += character.length
      }
    }
    return result
  }
}
