// Unigram (SentencePiece's language model, T5): of all ways to spell a text with tokens the one
// whose log probabilities add up to most.

/// Encodes by the best path through a text.
struct UnigramEncoder: FragmentEncoder {
  private let normalizer: UnigramNormalizer
  private let trie: ByteTrie
  /// By token; 0 for user-defined ones, which beats every log probability.
  private let scores: [Double]
  private let unknown: TokenID
  private let unknownScore: Double

  /// What a character that no token spells costs more than the worst token.
  private static let unknownPenalty = 10.0

  /// An encoder for `vocabulary`, whose lists have an entry a token.
  init(_ vocabulary: Vocabulary, traits: [TokenTraits], unknown: TokenID?) throws(TokenizerError) {
    var trie = ByteTrie()
    var userDefined = ByteTrie()
    var scores = vocabulary.scores.prefix(traits.count).map(Double.init)
    var lowest = Double(Float.greatestFiniteMagnitude)
    for id in traits.indices {
      let text = vocabulary.tokens[id]
      if traits[id].contains(.normal), scores[id] < lowest { lowest = scores[id] }
      if traits[id].contains(.userDefined) { scores[id] = 0 }
      if text.isEmpty || traits[id].isDisjoint(with: [.normal, .userDefined, .unused]) { continue }
      trie.insert(text, number: TokenID(id))
      if traits[id].contains(.userDefined) { userDefined.insert(text, number: TokenID(id)) }
    }
    self.trie = trie
    self.scores = scores
    self.unknown = unknown ?? 0
    unknownScore = lowest - Self.unknownPenalty
    normalizer = UnigramNormalizer(
      map: try CharacterMap(vocabulary.precompiledCharacterMap), userDefined: userDefined,
      addsSpacePrefix: vocabulary.addSpacePrefix ?? false,
      removesExtraSpaces: vocabulary.removeExtraWhitespaces ?? false)
  }

  func encode(
    _ bytes: [UInt8], from start: Int, to end: Int, followsSpecial: Bool,
    _ scratch: inout EncodingScratch, into result: inout [TokenID]
  ) {
    let text = normalizer.normalize(bytes, from: start, to: end)
    if text.isEmpty { return }
    // For each place: the best score of a path to it, the path's last token and where that starts.
    var best = [Double](repeating: -.greatestFiniteMagnitude, count: text.count + 1)
    var tokens = [TokenID](repeating: unknown, count: text.count + 1)
    var origins = [Int](repeating: 0, count: text.count + 1)
    best[0] = 0
    var position = 0
    while position < text.count {
      let next = min(text.count, position + CharacterBorders.length(leading: text[position]))
      var spellsCharacter = false
      var node = ByteTrie.root
      var end = position
      while end < text.count {
        node = trie.node(after: node, text[end])
        if node == ByteTrie.none { break }
        end += 1
        let token = trie.value(at: node)
        if token == ByteTrie.none { continue }
        if end == next { spellsCharacter = true }
        let score = best[position] + scores[Int(token)]
        if score > best[end] { (best[end], tokens[end], origins[end]) = (score, token, position) }
      }
      if !spellsCharacter {
        let score = best[position] + unknownScore
        if score > best[next] {
          (best[next], tokens[next], origins[next]) = (score, unknown, position)
        }
      }
      position = next
    }
    let count = result.count
    position = text.count
    while position > 0 {
      // Neighbouring unknown characters are one unknown token.
      if tokens[position] != unknown || result.count == count || result.last != unknown {
        result.append(tokens[position])
      }
      position = origins[position]
    }
    result[count...].reverse()
  }
}
