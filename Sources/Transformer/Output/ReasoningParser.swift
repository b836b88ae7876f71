// What a model writes between its think tags, apart from its answer.

/// What a model puts around its reasoning.
package struct ReasoningTags: Sendable, Equatable {
  package let opening: String
  package let closing: String

  package static let think = ReasoningTags(opening: "<think>", closing: "</think>")

  private static let known = [
    think, ReasoningTags(opening: "[THINK]", closing: "[/THINK]"),
    ReasoningTags(opening: "<|START_THINKING|>", closing: "<|END_THINKING|>"),
    ReasoningTags(opening: "<seed:think>", closing: "</seed:think>"),
    ReasoningTags(opening: "<|channel>thought", closing: "<channel|>"),
  ]

  /// The tags that a chat template shows; nil where it shows none.
  package static func shown(by template: String) -> ReasoningTags? {
    known.first { template.contains($0.opening) || template.contains($0.closing) }
  }
}

/// Looks for the opening tag at the beginning of a text and for the closing one behind it.
struct ReasoningParser {
  private let tags: ReasoningTags

  private enum State {
    case start
    case inside
    case outside
  }

  private var state: State
  private var held = HeldText()
  /// White space at a border belongs to neither side.
  private var trims = true

  /// - Parameter isInside: The prompt ended with the opening tag.
  init(_ tags: ReasoningTags = .think, isInside: Bool) {
    self.tags = tags
    state = isInside ? .inside : .start
  }

  /// Whether what follows is reasoning.
  var isInside: Bool { state == .inside }

  /// Whether text waits for what follows it.
  var holdsText: Bool { !held.bytes.isEmpty }

  /// The pieces that are certain with this text.
  mutating func append(_ text: String) -> [AnswerPiece] {
    held.append(text)
    var pieces: [AnswerPiece] = []
    while true {
      switch state {
      case .start:
        var front = held
        front.trimStart()
        switch front.front(tags.opening) {
        case .mayBecome: return pieces
        case .isMarker:
          held = front
          held.drop(tags.opening.utf8.count)
          state = .inside
        case .isOther:
          trims = false
          state = .outside
        }
      case .inside:
        if trims { held.trimStart() }
        if let last = held.take(before: tags.closing) {
          if !last.isEmpty { pieces.append(.reasoning(last)) }
          trims = true
          state = .outside
        } else {
          let certain = held.takeCertain(without: tags.closing)
          if !certain.isEmpty {
            pieces.append(.reasoning(certain))
            trims = false
          }
          return pieces
        }
      case .outside:
        if trims { held.trimStart() }
        let rest = held.takeAll()
        if !rest.isEmpty {
          pieces.append(.text(rest))
          trims = false
        }
        return pieces
      }
    }
  }

  /// What was held back.
  mutating func finish() -> [AnswerPiece] {
    let rest = held.takeAll()
    guard !rest.isEmpty else { return [] }
    return [isInside ? .reasoning(rest) : .text(rest)]
  }
}
