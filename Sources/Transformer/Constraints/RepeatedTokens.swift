// Tokens within a repetition, such as the characters of a string. How they go on does not depend on
// what comes after the repetition, so they are found once.

import Constraints
import Synchronization
import Tokenizer

/// What a vocabulary has for a repetition. Where one time ends and the next begins is certain from
/// the bytes, and what follows the repetition begins with other bytes.
final class RepeatedTokens: Sendable {
  /// Tokens that lie within the repetition and are alike: how many times they take, and what the last
  /// of these still lacks, in its shortest form; nothing where it is whole.
  struct Group {
    let count: Int
    let rest: [UInt8]
    var ids: [TokenID] = []
  }

  /// A token that begins within the repetition and goes on behind it.
  struct Leaving {
    let count: Int
    let id: TokenID
  }

  /// In ascending order of their counts.
  let groups: [Group]
  /// Tokens that lead from within one time to its end, at most.
  let mostRestTokens: Int
  /// What tokens hold behind the repetition that begin with at least one time; numbers are places in
  /// `leaving`.
  let endings: ByteTree
  /// By ending: the tokens that have it.
  let leaving: [[Leaving]]
  let vocabularyCount: Int
  /// All tokens within, however often that is.
  private let all: TokenMask
  /// By the number of times that are left.
  private let masks = Mutex<[Int: TokenMask]>([:])

  /// More times than any token takes.
  private static let many = 1 << 20
  /// Masks are kept for fewer times than these; from there on few tokens take more.
  private static let keptCount = 16
  /// Where fewer of so many tokens lie within, nothing of this is worth its price.
  private static let leastShare = 64

  /// Nil where few tokens lie within the repetition.
  init?(_ body: Term, _ tokens: TokenTree, _ matcher: inout Matcher) throws(ConstraintError) {
    var groups: [Group] = []
    /// By what remains: the place in `groups`, and whether that is between two times.
    var places: [Term: (index: Int, isBetween: Bool)] = [:]
    var last: (term: Term, index: Int, isBetween: Bool) = (.never, 0, false)
    var all = TokenMask(count: tokens.vocabularyCount)
    var edges: [(node: Int32, depth: Int, count: Int)] = []
    let tree = tokens.tree
    try matcher.visitNodes(tree, from: matcher.repeated(body, most: Self.many)) {
      (matcher, node, depth, next) throws(ConstraintError) in
      if next != last.term {
        if places[next] == nil {
          // The repetition remains, or the rest of one time and then the repetition.
          let (part, after) = matcher.head(of: next) ?? (.empty, next)
          places[next] = (groups.count, part == .empty)
          groups.append(
            Group(
              count: Self.many - (matcher.repetition(of: after)?.most ?? 0),
              rest: try matcher.shortest(from: part)))
        }
        let (index, isBetween) = places[next] ?? (0, false)
        last = (next, index, isBetween)
      }
      tree.forEachNumber(at: node) { id in
        groups[last.index].ids.append(id)
        all.insert(id)
      }
      if depth > 0, last.isBetween { edges.append((node, depth, groups[last.index].count)) }
    }
    let count = groups.reduce(0) { $0 + $1.ids.count }
    guard count * Self.leastShare >= tokens.vocabularyCount else { return nil }
    self.groups = groups.filter { !$0.ids.isEmpty }.sorted { $0.count < $1.count }
    self.all = all
    mostRestTokens = self.groups.reduce(0) { max($0, tokens.fewestTokens(for: $1.rest)) }
    vocabularyCount = tokens.vocabularyCount

    // Between two times there is nothing but the repetition, and the next byte may end it.
    let inside = matcher.firstBytes(of: body)
    var found: [ArraySlice<UInt8>: [Leaving]] = [:]
    for (node, depth, count) in edges {
      for child in tree.childNodes(of: node) where !inside.contains(tree.bytes[Int(child)]) {
        tree.forEachNumber(from: child) { id in
          found[tokens.text(id).dropFirst(depth), default: []].append(
            Leaving(count: count, id: id))
        }
      }
    }
    let sorted = found.sorted { $0.key.lexicographicallyPrecedes($1.key) }
    var starts: [Int32] = [0]
    var texts: [UInt8] = []
    for (text, _) in sorted {
      texts += text
      starts.append(Int32(texts.count))
    }
    endings = ByteTree(Array(0..<Int32(sorted.count)), texts: texts, starts: starts)
    leaving = sorted.map(\.value)
  }

  /// Bytes of memory, about, with those of masks that may still be kept.
  var byteCount: Int {
    vocabularyCount * 5 + endings.byteCount + leaving.count * 64
      + min(Self.keptCount, groups.last?.count ?? 0) * vocabularyCount / 8
  }

  /// The tokens that take at most `most` times; nil for no bound.
  func mask(most: Int?) -> TokenMask {
    guard let most, most < groups.last?.count ?? 0 else { return all }
    if most >= Self.keptCount {
      var mask = all
      for group in groups.reversed() {
        if group.count <= most { break }
        for id in group.ids { mask.remove(id) }
      }
      return mask
    }
    return masks.withLock { masks in
      if let known = masks[most] { return known }
      var mask = TokenMask(count: vocabularyCount)
      for group in groups {
        if group.count > most { break }
        for id in group.ids { mask.insert(id) }
      }
      masks[most] = mask
      return mask
    }
  }
}
