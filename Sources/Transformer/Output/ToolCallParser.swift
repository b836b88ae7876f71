// Finds calls of functions in a model's text. What is no call stays text.

/// Reads the text of one choice.
struct ToolCallParser {
  private enum State {
    /// Nothing but white space has come, and calls would be the whole answer.
    case start
    case text
    /// Behind the opening of calls, between their objects.
    case between
    case object(CallObjectReader)
  }

  private let reading: ToolReading
  private var state: State
  private var held = HeldText()
  /// Calls found so far.
  private var count = 0

  init(_ reading: ToolReading) {
    self.reading = reading
    state = reading.format.opening == nil ? .start : .text
  }

  /// Whether a call was found.
  var hasCalls: Bool { count > 0 }

  /// Whether text waits for what follows it.
  var holdsText: Bool {
    if case .object = state { true } else { !held.bytes.isEmpty }
  }

  /// The pieces that are certain with this text.
  mutating func append(_ text: String) -> [AnswerPiece] {
    held.append(text)
    var pieces: [AnswerPiece] = []
    while step(&pieces) {}
    return pieces
  }

  /// What was held back: text, unless it belongs to a call that has begun.
  mutating func finish() -> [AnswerPiece] {
    var pieces: [AnswerPiece] = []
    if case .object(let reader) = state {
      if !reader.hasBegun { say(opening + String(decoding: reader.raw, as: UTF8.self), &pieces) }
    } else {
      say(held.takeAll(), &pieces)
    }
    return pieces
  }

  /// Reads on; false where more text is needed.
  private mutating func step(_ pieces: inout [AnswerPiece]) -> Bool {
    switch state {
    case .start: decide()
    case .text: findOpening(&pieces)
    case .between: findObject(&pieces)
    case .object(let reader): read(reader, &pieces)
    }
  }

  private mutating func decide() -> Bool {
    var front = held
    front.trimStart()
    guard let first = front.bytes.first else { return false }
    if first == UInt8(ascii: "{") || first == UInt8(ascii: "[") {
      held = front
      state = .between
      return true
    }
    if let prefix = reading.format.prefix {
      switch front.front(prefix) {
      case .mayBecome: return false
      case .isMarker:
        held = front
        held.drop(prefix.utf8.count)
        state = .between
        return true
      case .isOther: break
      }
    }
    state = .text
    return true
  }

  private mutating func findOpening(_ pieces: inout [AnswerPiece]) -> Bool {
    guard let opening = reading.format.opening else {
      say(held.takeAll(), &pieces)
      return false
    }
    guard let before = held.take(before: opening) else {
      say(held.takeCertain(without: opening), &pieces)
      return false
    }
    say(before, &pieces)
    state = .between
    return true
  }

  private mutating func findObject(_ pieces: inout [AnswerPiece]) -> Bool {
    held = held.droppingSeparators()
    guard let first = held.bytes.first else { return false }
    if first == UInt8(ascii: "{") {
      state = .object(reader(name: nil))
      return true
    }
    if let closing = reading.format.closing {
      switch held.front(closing) {
      case .mayBecome: return false
      case .isMarker:
        held.drop(closing.utf8.count)
        state = .text
        return true
      case .isOther: break
      }
    }
    if reading.format == .mistral, count == 0 || held.text.contains("[ARGS]") {
      guard let brace = held.bytes.firstIndex(of: UInt8(ascii: "{")) else { return false }
      let front = String(decoding: held.bytes[..<brace], as: UTF8.self)
      let name = String(front.prefix { $0 != "[" && !$0.isWhitespace })
      if reading.names.contains(name) {
        held.drop(brace)
        state = .object(reader(name: name))
        return true
      }
    }
    state = .text
    if reading.format.opening != nil, count == 0 { say(opening, &pieces) }
    return true
  }

  private mutating func read(_ reader: CallObjectReader, _ pieces: inout [AnswerPiece]) -> Bool {
    var reader = reader
    for (place, byte) in held.bytes.enumerated() {
      switch reader.read(byte) {
      case .more: continue
      case .done:
        held.drop(place + 1)
        tell(&reader, isDone: true, &pieces)
        state = .between
        return true
      case .rejected:
        held.drop(place + 1)
        say(opening + String(decoding: reader.raw, as: UTF8.self), &pieces)
        state = .text
        return true
      }
    }
    held.drop(held.bytes.count)
    tell(&reader, isDone: false, &pieces)
    state = .object(reader)
    return false
  }

  private mutating func tell(
    _ reader: inout CallObjectReader, isDone: Bool, _ pieces: inout [AnswerPiece]
  ) {
    let hadBegun = reader.hasBegun
    let found = reader.pieces(isDone: isDone)
    if !hadBegun, reader.hasBegun { count += 1 }
    if count == 1 || reading.allowsSeveral { pieces += found }
  }

  /// Adds text. White space around calls is theirs.
  private func say(_ text: String, _ pieces: inout [AnswerPiece]) {
    guard !text.isEmpty, !hasCalls || !text.allSatisfy(\.isWhitespace) else { return }
    pieces.append(.text(text))
  }

  private var opening: String { reading.format.opening ?? "" }

  private func reader(name: String?) -> CallObjectReader {
    let isShort = reading.format == .mistral
    return CallObjectReader(names: reading.names, name: name) { Self.callID(isShort: isShort) }
  }

  /// A new id. Mistral's templates refuse all but nine letters and digits.
  private static func callID(isShort: Bool) -> String {
    let letters = Array("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    let text = String((0..<(isShort ? 9 : 24)).map { _ in letters.randomElement() ?? "0" })
    return isShort ? text : "call_" + text
  }
}

extension HeldText {
  /// Without what stands between the objects of calls.
  fileprivate func droppingSeparators() -> HeldText {
    var rest = HeldText()
    rest.append(
      String(
        decoding: bytes.drop {
          $0.isJSONSpace || $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: ";")
            || $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: "]")
        }, as: UTF8.self))
    return rest
  }
}
