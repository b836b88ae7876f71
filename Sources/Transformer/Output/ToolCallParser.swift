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
  /// What was dropped in front of the first call. It is text after all where no call comes.
  private var skipped = ""
  private var found: FoundCalls

  /// A name and what surrounds it have at most so many bytes.
  private static let mostNameBytes = 400

  init(_ reading: ToolReading) {
    self.reading = reading
    format = reading.format
    found = FoundCalls(allowsSeveral: reading.allowsSeveral)
    state = reading.format.opening == nil ? .start : .text
  }

  /// Whether a call was found.
  var hasCalls: Bool { found.callCount > 0 }

  /// Whether the last call that was told lacks its end.
  var hasOpenCall: Bool {
    guard found.tellsLastCall else { return false }
    return switch state {
    case .object(let reader): reader.hasBegun
    case .gemma, .elements: true
    case .start, .text, .between: false
    }
  }

  /// Whether text waits for what follows it.
  var holdsText: Bool {
    switch state {
    case .object, .gemma, .elements: true
    default: !held.bytes.isEmpty || !skipped.isEmpty && !hasCalls
    }
  }

  /// The pieces that are certain with this text.
  mutating func append(_ text: String) -> [AnswerPiece] {
    held.append(text)
    while step() {}
    return found.takePieces()
  }

  /// What was held back: text, unless it belongs to a call that has begun.
  mutating func finish() -> [AnswerPiece] {
    switch state {
    case .object(let reader):
      if !reader.hasBegun { say(reader) }
    case .gemma, .elements: break
    case .between where !hasCalls: found.say(takeSkipped() + held.takeAll())
    default: found.say(held.takeAll())
    }
    return found.takePieces()
  }

  /// Reads on; false where more text is needed.
  private mutating func step() -> Bool {
    switch state {
    case .start: decide()
    case .text: findOpening()
    case .between: findCall()
    case .object(let reader): read(reader)
    case .gemma(let arguments): read(arguments)
    case .elements(let reader): read(reader)
    }
  }

  private mutating func decide() -> Bool {
    var front = held
    front.trimStart()
    guard let first = front.bytes.first else { return false }
    let space = held.bytes.count - front.bytes.count
    if first == UInt8(ascii: "{") || first == UInt8(ascii: "[") {
      skip(space)
      state = .between
      return true
    }
    if let prefix = format.prefix {
      switch front.front(prefix) {
      case .mayBecome: return false
      case .isMarker:
        skip(space + prefix.utf8.count)
        state = .between
        return true
      case .isOther: break
      }
    }
    state = .text
    return true
  }

  private mutating func findOpening() -> Bool {
    guard let opening = format.opening else {
      found.say(held.takeAll())
      return false
    }
    guard let before = held.take(before: opening) else {
      found.say(held.takeCertain(without: opening))
      return false
    }
    found.say(before)
    skipped = opening
    state = .between
    return true
  }

  /// Drops what is no part of a call.
  private mutating func skip(_ count: Int) {
    if !hasCalls { skipped += String(decoding: held.bytes.prefix(count), as: UTF8.self) }
    held.drop(count)
  }

  private mutating func takeSkipped() -> String {
    defer { skipped = "" }
    return skipped
  }

  /// Tells an object that is no call. Behind a first call nothing is kept but the opening.
  private mutating func say(_ reader: CallObjectReader) {
    let before = hasCalls ? format.opening ?? "" : takeSkipped()
    found.say(before + String(decoding: reader.raw, as: UTF8.self))
  }

  private mutating func findCall() -> Bool {
    skip(
      held.separatorCount(
        marksBeginWithBracket: format.closings.contains { $0.hasPrefix("[") }))
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
        skip(closing.utf8.count)
        return true
      case .isOther: break
      }
    }
    if mayBeClosing { return false }
    if let elements = format.elements { return findElements(elements) }
    if let place = format.namePlace { return findName(place.start, place.ends) }
    return giveUp()
  }

  /// Looks for a name in front of arguments that are elements.
  private mutating func findElements(_ spelling: ElementSpelling) -> Bool {
    var rest = held
    switch rest.front(spelling.callStart) {
    case .mayBecome where !spelling.callStart.isEmpty: return false
    case .isOther: return giveUp()
    case .isMarker, .mayBecome: rest.drop(spelling.callStart.utf8.count)
    }
    // A name without an end of its own is followed by white space or by a mark.
    let end =
      spelling.nameEnd.isEmpty
      ? rest.bytes.firstIndex { $0.isJSONSpace || $0 == UInt8(ascii: "<") }
      : rest.bytes.firstRange(of: spelling.nameEnd.utf8)?.lowerBound
    guard let end else {
      return rest.bytes.count > Self.mostNameBytes ? giveUp() : false
    }
    let name = String(decoding: rest.bytes[..<end], as: UTF8.self)
    guard reading.names.contains(name) else { return giveUp() }
    rest.drop(end + spelling.nameEnd.utf8.count)
    held = rest
    found.tell([.call(id: callID(), name: name)], isFirst: true)
    state = .elements(ElementReader(spelling, schema: reading.schemas[name] ?? .null))
    return true
  }

  private mutating func read(_ reader: ElementReader) -> Bool {
    var reader = reader
    let (json, isDone) = reader.read(&held)
    if !json.isEmpty { found.tell([.arguments(json)], isFirst: false) }
    // Pairs have ended the call with its mark; what is no mark again is text.
    state = isDone ? (format == .pairs ? .text : .between) : .elements(reader)
    return isDone
  }

  /// Looks for a name in front of arguments. Behind a first call, what does not begin as a call does
  /// is text.
  private mutating func findName(_ start: String, _ ends: [String]) -> Bool {
    if format == .functionaryRecipients, held.front("all\n") != .isOther {
      guard held.front("all\n") == .isMarker else { return false }
      // The mark of words is none of them.
      skipped = ""
      held.drop(4)
      state = .text
      return true
    }
    if found.callCount > 0, let opening = format.callOpening, held.front(opening) == .isOther {
      return giveUp()
    }
    guard let brace = held.bytes.firstIndex(of: UInt8(ascii: "{")) else {
      return held.bytes.count > Self.mostNameBytes ? giveUp() : false
    }
    let head = String(decoding: held.bytes[..<brace], as: UTF8.self) + "{"
    guard let name = Self.name(in: head, start, ends), reading.names.contains(name) else {
      return giveUp()
    }
    held.drop(brace)
    if format == .gemma {
      found.tell([.call(id: callID(), name: name)], isFirst: true)
      state = .gemma(GemmaArguments())
    } else {
      state = .object(reader(name: name))
    }
    return true
  }

  /// What follows is text.
  private mutating func giveUp() -> Bool {
    state = .text
    if !hasCalls { found.say(takeSkipped()) }
    return true
  }

  private mutating func read(_ reader: CallObjectReader) -> Bool {
    var reader = reader
    for (place, byte) in held.bytes.enumerated() {
      switch reader.read(byte) {
      case .more: continue
      case .done:
        held.drop(place + 1)
        tell(&reader, isDone: true)
        state = .between
        return true
      case .rejected:
        held.drop(place + 1)
        say(reader)
        state = .text
        return true
      }
    }
    held.drop(held.bytes.count)
    tell(&reader, isDone: false)
    state = .object(reader)
    return false
  }

  private mutating func read(_ arguments: GemmaArguments) -> Bool {
    var arguments = arguments
    var json: [UInt8] = []
    for (place, byte) in held.bytes.enumerated() {
      let (more, isDone) = arguments.read(byte)
      json += more
      guard isDone else { continue }
      held.drop(place + 1)
      found.tell([.arguments(String(decoding: json, as: UTF8.self))], isFirst: false)
      state = .between
      return true
    }
    held.drop(held.bytes.count)
    if !json.isEmpty {
      found.tell([.arguments(String(decoding: json, as: UTF8.self))], isFirst: false)
    }
    state = .gemma(arguments)
    return false
  }

  private mutating func tell(_ reader: inout CallObjectReader, isDone: Bool) {
    let hadBegun = reader.hasBegun
    let pieces = reader.pieces(isDone: isDone)
    found.tell(pieces, isFirst: !hadBegun && reader.hasBegun)
  }

  private func reader(name: String?) -> CallObjectReader {
    CallObjectReader(names: reading.names, name: name) { [self] in callID() }
  }

  private func callID() -> String {
    ToolCall.newID(isShort: format.hasShortIDs)
  }
}
