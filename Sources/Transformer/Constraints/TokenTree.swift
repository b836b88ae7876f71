// A vocabulary as a tree of bytes, made once for a model.

import Constraints
import Synchronization
package import Tokenizer

/// The tokens of a vocabulary by their bytes.
package final class TokenTree: Sendable {
  package let vocabularyCount: Int
  /// All tokens that stand for text.
  let tree: ByteTree
  /// After these an answer is over.
  let endIDs: [TokenID]
  private let texts: [UInt8]
  private let starts: [Int32]
  /// The texts of special tokens, which triggers may contain.
  private let special: [TokenID: [UInt8]]
  /// What is known of characters inside of JSON strings, which all schemas have in common.
  let stringCharacters = Mutex<RepeatedTokens?>(nil)

  /// - Parameter shown: special tokens that stand for their spelling, as text does.
  package init(_ tokenizer: TextTokenizer, showing shown: Set<TokenID> = []) {
    vocabularyCount = tokenizer.vocabularyCount
    endIDs = tokenizer.endOfGenerationIDs.sorted()
    var texts: [UInt8] = []
    var starts: [Int32] = [0]
    starts.reserveCapacity(vocabularyCount + 1)
    var special: [TokenID: [UInt8]] = [:]
    var keys: [(first: UInt64, id: TokenID)] = []
    for id in 0..<TokenID(vocabularyCount) {
      let bytes = tokenizer.bytes(of: id, showingSpecial: shown.contains(id))
      texts += bytes
      starts.append(Int32(texts.count))
      if bytes.isEmpty {
        special[id] = tokenizer.bytes(of: id, showingSpecial: true)
        continue
      }
      if tokenizer.endOfGenerationIDs.contains(id) { continue }
      var first: UInt64 = 0
      for index in 0..<8 { first = first << 8 | (index < bytes.count ? UInt64(bytes[index]) : 0) }
      keys.append((first, id))
    }
    func text(_ id: TokenID) -> ArraySlice<UInt8> {
      texts[Int(starts[Int(id)])..<Int(starts[Int(id) + 1])]
    }
    keys.sort { a, b in
      a.first != b.first ? a.first < b.first : text(a.id).lexicographicallyPrecedes(text(b.id))
    }
    let order = keys.map(\.id)
    tree = ByteTree(order, texts: texts, starts: starts)
    self.texts = texts
    self.starts = starts
    self.special = special
  }

  /// The bytes that a token stands for; none for a special one.
  func text(_ id: TokenID) -> ArraySlice<UInt8> {
    guard id >= 0, Int(id) < vocabularyCount else { return [] }
    return texts[Int(starts[Int(id)])..<Int(starts[Int(id) + 1])]
  }

  /// The same, and for a special token its spelling.
  func spelling(_ id: TokenID) -> ArraySlice<UInt8> {
    special[id].map { $0[...] } ?? text(id)
  }

  /// The tokens, special ones included, whose spelling has any of the bytes.
  func ids(withAnyOf bytes: Set<UInt8>) -> [TokenID] {
    let isWanted = (0...255).map { bytes.contains(UInt8($0)) }
    var found = special.filter { $0.value.contains { isWanted[Int($0)] } }.map(\.key)
    for id in 0..<vocabularyCount {
      for place in Int(starts[id])..<Int(starts[id + 1]) where isWanted[Int(texts[place])] {
        found.append(TokenID(id))
        break
      }
    }
    return found
  }

  /// The fewest tokens that spell `text`; `noTokens` where they cannot.
  func fewestTokens(for text: [UInt8]) -> Int {
    var counts = [Int](repeating: Self.noTokens, count: text.count + 1)
    counts[0] = 0
    for start in text.indices where counts[start] < Self.noTokens {
      tree.forEachPrefix(of: text, from: start) { length in
        counts[start + length] = min(counts[start + length], counts[start] + 1)
      }
    }
    return counts[text.count]
  }

  /// More tokens than there can ever be room for.
  static let noTokens = Int.max
}

/// A vocabulary's trees, each made when it is first needed.
package final class TokenTreeCache: Sendable {
  /// By the special tokens that count as text. A model's template names the same ones every time.
  private let trees = Mutex<[Set<TokenID>: TokenTree]>([:])
  private static let mostTrees = 4

  package init() {}

  package func tree(
    of tokenizer: TextTokenizer, showing shown: Set<TokenID> = []
  ) -> TokenTree {
    trees.withLock { trees in
      if let tree = trees[shown] { return tree }
      if trees.count >= Self.mostTrees { trees.removeAll() }
      let made = TokenTree(tokenizer, showing: shown)
      trees[shown] = made
      return made
    }
  }
}
