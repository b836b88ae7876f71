// Ids back to text.

extension TextTokenizer {
  /// The text of `ids`. Special tokens are left out unless `showingSpecial`; ids outside the
  /// vocabulary are left out; bytes that are no UTF-8 become U+FFFD. Where the vocabulary puts a
  /// space before a text, the one at the beginning is removed.
  public func decode(_ ids: some Sequence<TokenID>, showingSpecial: Bool = false) -> String {
    String(decoding: bytes(of: ids, showingSpecial: showingSpecial), as: UTF8.self)
  }

  /// The bytes of `ids`, as `decode` has them, valid UTF-8 or not.
  public func bytes(of ids: some Sequence<TokenID>, showingSpecial: Bool = false) -> [UInt8] {
    var result = joinedPieces(Array(ids), showingSpecial)
    if addsSpacePrefix, result.first == 0x20 { result.removeFirst() }
    return result
  }

  private func joinedPieces(_ ids: [TokenID], _ showingSpecial: Bool) -> [UInt8] {
    let traits = traits
    return pieces.joined(ids) { id in
      id >= 0 && Int(id) < traits.count
        && (showingSpecial || traits[Int(id)].isDisjoint(with: [.control, .unknown]))
    }
  }

  /// The bytes of one token; empty for a special one unless `showingSpecial`, and for an id outside
  /// the vocabulary.
  public func bytes(of id: TokenID, showingSpecial: Bool) -> [UInt8] {
    var bytes: [UInt8] = []
    append(id, to: &bytes, showingSpecial: showingSpecial)
    return bytes
  }

  /// Appends the bytes of one token, as `bytes(of:showingSpecial:)` gives them.
  func append(_ id: TokenID, to bytes: inout [UInt8], showingSpecial: Bool) {
    if let piece = piece(of: id, showingSpecial) { bytes += pieces.bytes[piece] }
  }

  @inline(__always)
  private func piece(of id: TokenID, _ showingSpecial: Bool) -> Range<Int>? {
    if id < 0 || Int(id) >= pieces.count { return nil }
    if !showingSpecial, isSpecial(id) { return nil }
    return pieces.range(of: Int(id))
  }

  /// The vocabulary's own spelling of a token, with U+FFFD for bytes that are no UTF-8; empty for
  /// an id outside the vocabulary.
  public func text(of id: TokenID) -> String {
    if id < 0 || Int(id) >= vocabularyCount { return "" }
    return String(decoding: index.texts[Int(id)], as: UTF8.self)
  }

  /// Whether a token is a control or unknown token, which is not part of a text.
  public func isSpecial(_ id: TokenID) -> Bool {
    if id < 0 || Int(id) >= traits.count { return false }
    return !traits[Int(id)].isDisjoint(with: [.control, .unknown])
  }

  /// The id of the token that is spelled `text`.
  public func id(ofToken text: String) -> TokenID? { index.id(of: text.utf8) }
}
