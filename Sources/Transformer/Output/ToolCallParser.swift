// Finds calls of functions in a model's text. What is no call stays text.

/// Reads the text of one choice.
struct ToolCallParser {
  private enum State {
    /// Nothing but white space has come, and calls would be the whole answer.
    case start
    case text
    /// Behind the opening of calls, between them.
    case between
    case object(CallObjectReader)
    case gemma(GemmaArguments)
    case elements(ElementReader)
  }

  private let reading: ToolReading
  private let format: ToolFormat
  private var state: State
  private var held = HeldText()
  /// Calls found so far.
  private var count = 0
  /// Whether nothing but white space has come since the last call.
  private var isBehindCall = false

  /// A name and what surrounds it have at most so many bytes.
  private static let mostNameBytes = 400

  init(_ reading: ToolReading) {
    self.reading = reading
    format = reading.format
    state = reading.format.opening == nil ? .start : .text
  }

  /// Whether a call was found.
  var hasCalls: Bool { count > 0 }

  /// Whether text waits for what follows it.
  var holdsText: Bool {
    switch state {
    case .object, .gemma, .elements: true
    default: !held.bytes.isEmpty
    }
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
    switch state {
    case .object(let reader):
      if !reader.hasBegun { say(opening + String(decoding: reader.raw, as: UTF8.self), &pieces) }
    case .gemma, .elements: break
    case .between where count == 0: say(opening + held.takeAll(), &pieces)
    default: say(held.takeAll(), &pieces)
    }
    return pieces
  }

  /// Reads on; false where more text is needed.
  private mutating func step(_ pieces: inout [AnswerPiece]) -> Bool {
    switch state {
    case .start: decide()
    case .text: findOpening(&pieces)
    case .between: findCall(&pieces)
    case .object(let reader): read(reader, &pieces)
    case .gemma(let arguments): read(arguments, &pieces)
    case .elements(let reader): read(reader, &pieces)
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
    if let prefix = format.prefix {
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
    guard let opening = format.opening else {
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

  private mutating func findCall(_ pieces: inout [AnswerPiece]) -> Bool {
    held = held.droppingSeparators(
      marksBeginWithBracket: format.closings.contains { $0.hasPrefix("[") })
    guard let first = held.bytes.first else { return false }
    if first == UInt8(ascii: "{") {
      state = .object(reader(name: nil))
      return true
    }
    var mayBeClosing = false
    for closing in format.closings {
      switch held.front(closing) {
      case .mayBecome: mayBeClosing = true
      case .isMarker:
        held.drop(closing.utf8.count)
        return true
      case .isOther: break
      }
    }
    if mayBeClosing { return false }
    if let elements = format.elements { return findElements(elements, &pieces) }
    if let place = format.namePlace { return findName(place.start, place.ends, &pieces) }
    return giveUp(&pieces)
  }

  /// Looks for a name in front of arguments that are elements.
  private mutating func findElements(
    _ spelling: ElementSpelling, _ pieces: inout [AnswerPiece]
  ) -> Bool {
    var rest = held
    switch rest.front(spelling.callStart) {
    case .mayBecome where !spelling.callStart.isEmpty: return false
    case .isOther: return giveUp(&pieces)
    case .isMarker, .mayBecome: rest.drop(spelling.callStart.utf8.count)
    }
    // A name without an end of its own is followed by white space or by a mark.
    let end =
      spelling.nameEnd.isEmpty
      ? rest.bytes.firstIndex { $0.isJSONSpace || $0 == UInt8(ascii: "<") }
      : rest.bytes.firstRange(of: spelling.nameEnd.utf8)?.lowerBound
    guard let end else {
      return rest.bytes.count > Self.mostNameBytes ? giveUp(&pieces) : false
    }
    let name = String(decoding: rest.bytes[..<end], as: UTF8.self)
    guard reading.names.contains(name) else { return giveUp(&pieces) }
    rest.drop(end + spelling.nameEnd.utf8.count)
    held = rest
    tell([.call(id: callID(), name: name)], isFirst: true, &pieces)
    state = .elements(ElementReader(spelling, schema: reading.schemas[name] ?? .null))
    return true
  }

  private mutating func read(_ reader: ElementReader, _ pieces: inout [AnswerPiece]) -> Bool {
    var reader = reader
    let (json, isDone) = reader.read(&held)
    if !json.isEmpty { tell([.arguments(json)], isFirst: false, &pieces) }
    // Pairs have ended the call with its mark; what is no mark again is text.
    state = isDone ? (format == .pairs ? .text : .between) : .elements(reader)
    return isDone
  }

  /// Looks for a name in front of arguments. Behind a first call, what does not begin as a call does
  /// is text.
  private mutating func findName(
    _ start: String, _ ends: [String], _ pieces: inout [AnswerPiece]
  ) -> Bool {
    if format == .functionaryRecipients, held.front("all\n") != .isOther {
      guard held.front("all\n") == .isMarker else { return false }
      held.drop(4)
      state = .text
      return true
    }
    if count > 0, let opening = format.callOpening, held.front(opening) == .isOther {
      return giveUp(&pieces)
    }
    guard let brace = held.bytes.firstIndex(of: UInt8(ascii: "{")) else {
      return held.bytes.count > Self.mostNameBytes ? giveUp(&pieces) : false
    }
    let head = String(decoding: held.bytes[..<brace], as: UTF8.self) + "{"
    guard let name = Self.name(in: head, start, ends), reading.names.contains(name) else {
      return giveUp(&pieces)
    }
    held.drop(brace)
    if format == .gemma {
      tell([.call(id: callID(), name: name)], isFirst: true, &pieces)
      state = .gemma(GemmaArguments())
    } else {
      state = .object(reader(name: name))
    }
    return true
  }

  private static func name(in head: String, _ start: String, _ ends: [String]) -> String? {
    var rest = head[...]
    if !start.isEmpty {
      guard let range = head.ranges(of: start).last else { return nil }
      rest = head[range.upperBound...]
    }
    let end = ends.compactMap { rest.firstRange(of: $0)?.lowerBound }.min() ?? rest.endIndex
    let name = rest[..<end].filter { !$0.isWhitespace }
    // Kimi's names have the namespace that its template gives them.
    let space = "functions."
    return name.hasPrefix(space) ? String(name.dropFirst(space.count)) : name
  }

  /// What follows is text.
  private mutating func giveUp(_ pieces: inout [AnswerPiece]) -> Bool {
    state = .text
    if count == 0, format.opening != nil { say(opening, &pieces) }
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

  private mutating func read(
    _ arguments: GemmaArguments, _ pieces: inout [AnswerPiece]
  ) -> Bool {
    var arguments = arguments
    var json: [UInt8] = []
    for (place, byte) in held.bytes.enumerated() {
      let (more, isDone) = arguments.read(byte)
      json += more
      guard isDone else { continue }
      held.drop(place + 1)
      tell([.arguments(String(decoding: json, as: UTF8.self))], isFirst: false, &pieces)
      state = .between
      return true
    }
    held.drop(held.bytes.count)
    if !json.isEmpty {
      tell([.arguments(String(decoding: json, as: UTF8.self))], isFirst: false, &pieces)
    }
    state = .gemma(arguments)
    return false
  }

  private mutating func tell(
    _ reader: inout CallObjectReader, isDone: Bool, _ pieces: inout [AnswerPiece]
  ) {
    let hadBegun = reader.hasBegun
    let found = reader.pieces(isDone: isDone)
    tell(found, isFirst: !hadBegun && reader.hasBegun, &pieces)
  }

  private mutating func tell(
    _ found: [AnswerPiece], isFirst: Bool, _ pieces: inout [AnswerPiece]
  ) {
    if isFirst {
      count += 1
      isBehindCall = true
    }
    if count == 1 || reading.allowsSeveral { pieces += found }
  }

  /// Adds text. White space behind a call is its own.
  private mutating func say(_ text: String, _ pieces: inout [AnswerPiece]) {
    let text = isBehindCall ? text.drop(while: \.isWhitespace) : text[...]
    guard !text.isEmpty else { return }
    isBehindCall = false
    pieces.append(.text(String(text)))
  }

  private var opening: String { format.opening ?? "" }

  private func reader(name: String?) -> CallObjectReader {
    CallObjectReader(names: reading.names, name: name) { [self] in callID() }
  }

  private func callID() -> String {
    ToolCall.newID(isShort: format == .mistral || format == .mistralNames)
  }
}
