// Reads the answers of models that write messages to channels (OpenAI's harmony format): thoughts on
// one channel, words on another, and calls to recipients.

/// Takes `<|channel|>analysis<|message|>…<|end|><|start|>assistant<|channel|>final<|message|>…` apart.
struct ChannelParser {
  private enum State: Equatable {
    /// In front of a message: channel, recipient and kind of content.
    case header
    case reasoning
    case text
    case call
    /// A call of what is no function here.
    case dropped
  }

  private static let message = "<|message|>"
  /// Marks behind a message. Those that end the answer are tokens that are not told.
  private static let ends = ["<|end|>", "<|call|>", "<|return|>", "<|start|>", "<|channel|>"]
  /// Spellings that are special tokens.
  static let markers = ends + [message, "<|constrain|>"]
  /// Beginnings of an answer that has the format.
  private static let beginnings = ["<|channel|>", "<|start|>", " to=", "<|constrain|>", message]
  /// A header has at most so many bytes.
  private static let mostHeaderBytes = 400

  private let names: Set<String>
  private let allowsSeveral: Bool
  private var state = State.header
  private var held = HeldText()
  private var count = 0
  private var isAtStart = true
  /// Whether nothing but white space has come of a call's arguments.
  private var lacksArguments = false
  /// Reads the arguments of a call that has begun, and is gone where they have ended.
  private var arguments: CallObjectReader?

  init(_ tools: ToolReading?) {
    names = tools?.names ?? []
    allowsSeveral = tools?.allowsSeveral ?? true
  }

  var hasCalls: Bool { count > 0 }
  /// Whether the call that the text ends with lacks its end.
  var hasOpenCall: Bool { state == .call && arguments != nil }
  /// Whether what follows is reasoning, as far as is known.
  var isReasoning: Bool { state == .reasoning }
  var holdsText: Bool { !held.bytes.isEmpty }

  /// The pieces that are certain with this text.
  mutating func append(_ text: String) -> [AnswerPiece] {
    held.append(text)
    var pieces: [AnswerPiece] = []
    while state == .header ? readHeader(&pieces) : readMessage(&pieces) {}
    return pieces
  }

  /// What was held back.
  mutating func finish() -> [AnswerPiece] {
    var pieces: [AnswerPiece] = []
    let rest = held.takeAll()
    // A header without a message says nothing.
    if state != .header || isAtStart { tell(rest, &pieces) }
    tellNoArguments(&pieces)
    return pieces
  }

  private mutating func readHeader(_ pieces: inout [AnswerPiece]) -> Bool {
    if isAtStart {
      let fronts = Self.beginnings.map { held.front($0) }
      guard fronts.contains(.isMarker) else {
        if fronts.contains(.mayBecome) { return false }
        // The model does not keep to its format.
        isAtStart = false
        state = .text
        return true
      }
    }
    isAtStart = false
    guard let header = held.take(before: Self.message) else {
      if held.bytes.count > Self.mostHeaderBytes { state = .text }
      return held.bytes.count > Self.mostHeaderBytes
    }
    begin(header, &pieces)
    return true
  }

  private mutating func begin(_ header: String, _ pieces: inout [AnswerPiece]) {
    if let range = header.firstRange(of: "to=") {
      let recipient = header[range.upperBound...].prefix { $0 != "<" && !$0.isWhitespace }
      let name = recipient.hasPrefix("functions.") ? recipient.dropFirst(10) : recipient
      let isKnown = names.contains(String(name)) && (count == 0 || allowsSeveral)
      state = isKnown ? .call : .dropped
      guard isKnown else { return }
      count += 1
      lacksArguments = true
      arguments = CallObjectReader(names: names, name: String(name)) { "" }
      pieces.append(.call(id: ToolCall.newID(isShort: false), name: String(name)))
    } else {
      state = header.contains("analysis") ? .reasoning : .text
    }
  }

  private mutating func readMessage(_ pieces: inout [AnswerPiece]) -> Bool {
    let found = Self.ends.compactMap { held.bytes.firstRange(of: $0.utf8)?.lowerBound }.min()
    guard let found else {
      tell(held.takeCertain(without: Self.ends), &pieces)
      return false
    }
    tell(String(decoding: held.bytes[..<found], as: UTF8.self), &pieces)
    tellNoArguments(&pieces)
    held.drop(found)
    state = .header
    // What begins the next header belongs to it, what only ends a message does not.
    for end in Self.ends.prefix(3) where held.front(end) == .isMarker { held.drop(end.utf8.count) }
    return true
  }

  /// A call whose message has no word is one without arguments: clients read them as JSON.
  private mutating func tellNoArguments(_ pieces: inout [AnswerPiece]) {
    if state == .call, lacksArguments { tell("{}", &pieces) }
  }

  private mutating func tell(_ text: String, _ pieces: inout [AnswerPiece]) {
    guard !text.isEmpty else { return }
    switch state {
    case .header, .text: pieces.append(.text(text))
    case .reasoning: pieces.append(.reasoning(text))
    case .call:
      let first = lacksArguments ? text.first { !$0.isWhitespace } : nil
      lacksArguments = lacksArguments && first == nil
      // Of what is no object nobody can tell where it ends.
      if let first, first != "{" { arguments = nil }
      if text.utf8.contains(where: { arguments?.read($0) == .done }) { arguments = nil }
      pieces.append(.arguments(text))
    case .dropped: break
    }
  }
}
