// What a model writes between its think tags, apart from its answer.

/// Looks for `<think>` at the beginning of a text and for `</think>` behind it.
struct ReasoningParser {
  static let opening = "<think>"
  static let closing = "</think>"

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
  init(isInside: Bool) {
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
        switch front.front(Self.opening) {
        case .mayBecome: return pieces
        case .isMarker:
          held = front
          held.drop(Self.opening.utf8.count)
          state = .inside
        case .isOther:
          trims = false
          state = .outside
        }
      case .inside:
        if trims { held.trimStart() }
        if let last = held.take(before: Self.closing) {
          if !last.isEmpty { pieces.append(.reasoning(last)) }
          trims = true
          state = .outside
        } else {
          let certain = held.takeCertain(without: Self.closing)
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
