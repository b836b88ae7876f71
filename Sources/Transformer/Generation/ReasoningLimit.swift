// How long an answer may think: where the number of tokens is used up, the engine writes the tag that
// ends reasoning, and the model goes on with its answer.

package import Tokenizer

/// A bound for what an answer thinks.
public struct ReasoningLimit: Sendable, Equatable {
  /// Tokens of reasoning at most. Its closing tag counts, and is written where there is no room for it.
  public var tokenCount: Int
  /// What begins reasoning at the beginning of an answer, and what ends it.
  public var opening: String
  public var closing: String
  /// Whether the prompt ends within reasoning.
  public var isOpen: Bool

  public init(
    tokenCount: Int, opening: String = "<think>", closing: String = "</think>", isOpen: Bool
  ) {
    self.tokenCount = tokenCount
    self.opening = opening
    self.closing = closing
    self.isOpen = isOpen
  }
}

/// Where an answer stands with its thoughts: a value, so that guesses can go ahead of it.
package struct BoundedReasoning: Sendable {
  private enum Place: Sendable, Equatable {
    /// Nothing has come, or a part of the opening tag.
    case start
    case inside
    /// The token of the closing tag that comes next.
    case closing(Int)
    /// The answer is free.
    case outside
  }

  private let limit: Int
  private let opening: [UInt8]
  private let closing: [UInt8]
  private let closingTokens: [TokenID]
  private let tokenizer: TextTokenizer
  private var place = Place.start
  /// Tokens of reasoning so far.
  private var count = 0
  /// The end of what has come, as far as a tag may begin there.
  private var tail: [UInt8] = []

  package init(_ limit: ReasoningLimit, _ tokenizer: TextTokenizer) {
    self.limit = limit.tokenCount
    self.tokenizer = tokenizer
    opening = Array(limit.opening.utf8)
    closing = Array(limit.closing.utf8)
    closingTokens = tokenizer.encode(limit.closing, parsingSpecial: true, addingSpecial: false)
    if closing.isEmpty || closingTokens.isEmpty {
      place = .outside
    } else if limit.isOpen {
      goOn()
    }
  }

  /// The token that has to come next; nil where the model chooses.
  package var wanted: TokenID? {
    if case .closing(let index) = place { closingTokens[index] } else { nil }
  }

  /// Takes the next token of the answer.
  package mutating func accept(_ id: TokenID) {
    switch place {
    case .outside: return
    case .start:
      tail += tokenizer.bytes(of: id, showingSpecial: true)
      let front = tail.drop { $0 == 0x20 || (0x09...0x0D).contains($0) }
      if front.starts(with: opening) {
        count = 1
        tail = Array(front.dropFirst(opening.count))
        goOn()
      } else if !opening.starts(with: front) {
        place = .outside
      }
    case .inside:
      count += 1
      tail += tokenizer.bytes(of: id, showingSpecial: true)
      goOn()
    case .closing(let index):
      place = index + 1 < closingTokens.count ? .closing(index + 1) : .outside
    }
  }

  /// Looks whether reasoning has ended, or has to.
  private mutating func goOn() {
    if tail.firstRange(of: closing) != nil {
      place = .outside
    } else if count + closingTokens.count >= limit {
      place = .closing(0)
    } else {
      place = .inside
      tail = Array(tail.suffix(closing.count - 1))
    }
  }
}
