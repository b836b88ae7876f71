// From spelling to id and from id to bytes.

/// The tokens of a vocabulary by spelling.
struct TokenIndex: Sendable {
  /// The vocabulary's own spellings.
  let texts: StringTable
  /// Ids by what encoders look for: bytes for byte-level vocabularies, else the spellings.
  let symbols: TokenLookup
  /// Ids of tokens of a byte-level vocabulary whose spellings are not in the byte alphabet.
  private let others: TokenLookup?

  /// An index of `texts`. Of equal spellings the last one's id is found; an empty one is not found.
  init(_ texts: StringTable, isByteLevel: Bool) {
    self.texts = texts
    guard isByteLevel else {
      var symbols = TokenLookup(strings: texts, capacity: texts.count)
      symbols.enterAll()
      self.symbols = symbols
      others = nil
      return
    }
    var bytes = StringTable()
    bytes.reserve(strings: texts.count, bytes: texts.bytes.count)
    // Not in the byte alphabet: these have no bytes, and are not entered with the rest.
    var otherIDs: [Int] = []
    for id in 0..<texts.count where !bytes.appendDecoded(texts.bytes, texts.range(of: id)) {
      otherIDs.append(id)
    }
    var symbols = TokenLookup(strings: bytes, capacity: texts.count)
    symbols.enterAll()
    var others = TokenLookup(strings: texts, capacity: otherIDs.count)
    for id in otherIDs { others.enter(id) }
    self.symbols = symbols
    self.others = others
  }

  /// The id of a spelling.
  func id(of spelling: some Collection<UInt8>) -> TokenID? {
    var id = TokenLookup.none
    if let others {
      var bytes: [UInt8] = []
      let spelling = Array(spelling)
      if ByteAlphabet.decode(spelling, 0..<spelling.count, into: &bytes) {
        id = symbols.find(bytes)
      } else {
        id = others.find(spelling)
      }
    } else {
      id = symbols.find(spelling)
    }
    return id < 0 ? nil : id
  }

  /// The bytes that each token stands for in a text.
  func pieces(_ traits: [TokenTraits]) -> StringTable {
    var pieces = StringTable()
    pieces.reserve(strings: texts.count, bytes: texts.bytes.count)
    let spellings = texts.bytes.span
    for id in 0..<texts.count {
      if !traits[id].isDisjoint(with: [.control, .unknown, .userDefined]) {
        pieces.append(texts[id])
      } else if traits[id].contains(.byte) {
        pieces.append(ByteTokens.byte(of: texts[id]).map { [$0] } ?? [])
      } else if !traits[id].contains(.normal) {
        pieces.append([])
      } else if others != nil {
        let bytes = symbols.strings.range(of: id)
        pieces.append(bytes.isEmpty ? texts[id] : symbols.strings.bytes[bytes])
      } else {
        pieces.appendUnescaped(spellings, texts.range(of: id))
      }
    }
    return pieces
  }
}
