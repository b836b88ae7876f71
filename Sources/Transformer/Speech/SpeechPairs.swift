// Text to tokens where the order of words is the order of merging (tiktoken, OpenAI 2022).

import Tokenizer

/// Byte-level pair encoding by ids: of two neighbours that together are a word, those go first
/// whose word has the lowest id. Meant for short texts: a piece takes time by the square of its
/// length.
struct SpeechPairs: Sendable {
  private let ids: [ArraySlice<UInt8>: TokenID]
  private let preTokenizer: PreTokenizer

  /// Pieces are cut at so many bytes, which no word in use comes near.
  private static let longestPiece = 512

  /// - Returns: nil where a byte is no word.
  init?(_ words: StringTable, count: Int) {
    var ids: [ArraySlice<UInt8>: TokenID] = [:]
    ids.reserveCapacity(count)
    for index in 0..<count where !words[index].isEmpty && ids[words[index]] == nil {
      ids[words[index]] = TokenID(index)
    }
    for byte in UInt8.min...UInt8.max where ids[[byte]] == nil { return nil }
    guard let preTokenizer = PreTokenizer(named: "gpt-2") else { return nil }
    self.ids = ids
    self.preTokenizer = preTokenizer
  }

  /// The tokens of a text.
  func tokens(of bytes: [UInt8]) -> [TokenID] {
    var tokens: [TokenID] = []
    for piece in preTokenizer.pieces(of: bytes) {
      for first in stride(from: piece.startIndex, to: piece.endIndex, by: Self.longestPiece) {
        append(piece[first..<min(first + Self.longestPiece, piece.endIndex)], to: &tokens)
      }
    }
    return tokens
  }

  private func append(_ piece: ArraySlice<UInt8>, to tokens: inout [TokenID]) {
    if let id = ids[piece] { return tokens.append(id) }
    var borders = Array(piece.startIndex...piece.endIndex)
    while borders.count > 2 {
      var best: (id: TokenID, place: Int)?
      for place in 0..<borders.count - 2 {
        guard let id = ids[piece[borders[place]..<borders[place + 2]]] else { continue }
        if best.map({ id < $0.id }) ?? true { best = (id, place) }
      }
      guard let best else { break }
      borders.remove(at: best.place + 1)
    }
    for (start, end) in zip(borders, borders.dropFirst()) {
      if let id = ids[piece[start..<end]] { tokens.append(id) }
    }
  }
}
