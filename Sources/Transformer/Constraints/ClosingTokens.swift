// The tokens after a state, by what remains after them: whether an answer can still end in time is
// asked once for all tokens with the same remainder.

import Constraints
import Tokenizer

/// The tokens that may follow, in groups.
struct ClosingTokens: Sendable {
  struct Group: Sendable {
    /// What remains after its tokens; nil where only `needed` is known.
    let next: Term?
    /// Tokens that lead to an end after any of them, at most.
    let needed: Int
    let members: Members
  }

  enum Members: Sendable {
    case few([TokenID])
    case many(TokenMask)
  }

  private(set) var groups: [Group] = []
  /// Tokens that lead to an end after any token, at most.
  private(set) var mostNeeded = 0
  private let vocabularyCount: Int

  /// A longer list of tokens is kept as a mask.
  private static let few = 512

  init(vocabularyCount: Int) { self.vocabularyCount = vocabularyCount }

  /// Bytes of memory, about.
  var byteCount: Int {
    groups.reduce(0) { sum, group in
      switch group.members {
      case .few(let ids): sum + ids.count * 4
      case .many: sum + vocabularyCount / 8
      }
    }
  }

  mutating func add(_ ids: [TokenID], next: Term, needed: Int) {
    if ids.count <= Self.few {
      add(Group(next: next, needed: needed, members: .few(ids)))
    } else {
      var mask = TokenMask(count: vocabularyCount)
      for id in ids { mask.insert(id) }
      add(Group(next: next, needed: needed, members: .many(mask)))
    }
  }

  mutating func add(_ group: Group) {
    groups.append(group)
    mostNeeded = max(mostNeeded, group.needed)
  }

  /// The tokens of the groups for which `canEnd`.
  func mask(
    _ canEnd: (Group) throws(ConstraintError) -> Bool
  ) throws(ConstraintError) -> TokenMask {
    var result = TokenMask(count: vocabularyCount)
    for group in groups where try canEnd(group) {
      switch group.members {
      case .few(let ids): for id in ids { result.insert(id) }
      case .many(let mask): result.formUnion(mask)
      }
    }
    return result
  }
}
