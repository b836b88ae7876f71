// Reads arguments that are elements of their own, and tells them as JSON while they come.

import JSON

/// The arguments of one call, behind its name.
struct ElementReader: Sendable {
  private enum Place {
    /// Where an argument or the end of the call comes.
    case between
    case key
    case valueStart
    /// At the first byte of a value.
    case start
    case text
    case other
  }

  private let spelling: ElementSpelling
  private let schema: JSONValue
  private var place = Place.between
  private var types = ArgumentTypes(of: .bool(true), in: .null)
  private var key = ""
  /// The beginning of a value that is no text.
  private var value = ""
  private var count = 0

  /// An argument's name and what surrounds it have at most so many bytes.
  private static let mostKeyBytes = 400

  /// - Parameter schema: of the function, which says what is text and what is not.
  init(_ spelling: ElementSpelling, schema: JSONValue) {
    self.spelling = spelling
    self.schema = schema
  }

  /// Takes what is certain from the front of a text. Gives the JSON it comes to, and whether the call
  /// is over.
  mutating func read(_ held: inout HeldText) -> (json: String, isDone: Bool) {
    var json = ""
    while true {
      switch step(&held, &json) {
      case .again: continue
      case .waits: return (json, false)
      case .done: return (json + (count == 0 ? "{}" : "}"), true)
      }
    }
  }

  private enum Step {
    case again
    /// More text is needed.
    case waits
    case done
  }

  private mutating func step(_ held: inout HeldText, _ json: inout String) -> Step {
    switch place {
    case .between: return next(&held)
    case .key: return readKey(&held)
    case .valueStart:
      held.trimStart()
      switch held.front(spelling.valueStart) {
      case .mayBecome: return .waits
      case .isMarker: held.drop(spelling.valueStart.utf8.count)
      case .isOther: break
      }
      place = .start
      return .again
    case .start: return begin(&held, &json)
    case .text: return readText(&held, &json)
    case .other: return readOther(&held, &json)
    }
  }

  private mutating func next(_ held: inout HeldText) -> Step {
    held.trimStart()
    if held.bytes.isEmpty { return .waits }
    let (key, end) = (held.front(spelling.keyStart), held.front(spelling.callEnd))
    if key == .isMarker {
      held.drop(spelling.keyStart.utf8.count)
      place = .key
      return .again
    }
    if end == .isMarker { held.drop(spelling.callEnd.utf8.count) }
    // What is neither is no argument, and the call ends in front of it.
    return end != .isMarker && (key == .mayBecome || end == .mayBecome) ? .waits : .done
  }

  private mutating func readKey(_ held: inout HeldText) -> Step {
    guard let text = held.take(before: spelling.keyEnd) else {
      return held.bytes.count > Self.mostKeyBytes ? .done : .waits
    }
    // Attributes stand behind the quote that ends the name.
    let end = spelling.tellsTypes ? text.firstIndex(of: "\"") ?? text.endIndex : text.endIndex
    key = String(text[..<end].trimmingJSONSpace)
    types =
      spelling.tellsTypes && text.contains("string=\"true\"")
      ? ArgumentTypes(of: ["type": "string"], in: .null)
      : ArgumentTypes(ofArgument: key, in: schema)
    place = spelling.valueStart.isEmpty ? .start : .valueStart
    return .again
  }

  private mutating func begin(_ held: inout HeldText, _ json: inout String) -> Step {
    guard let first = held.bytes.first else { return .waits }
    if spelling.breaksLines, first == UInt8(ascii: "\n") { held.drop(1) }
    json += (count == 0 ? "{" : ",") + JSONValue.string(key).serialized() + ":"
    count += 1
    if types.areText {
      json += "\""
      place = .text
    } else {
      place = .other
    }
    return .again
  }

  private mutating func readText(_ held: inout HeldText, _ json: inout String) -> Step {
    if let rest = held.take(before: spelling.valueEnd) {
      escape(withoutLineEnd(rest), &json)
      json += "\""
      place = .between
      return .again
    }
    escape(
      held.takeCertain(without: [spelling.lineEnd + spelling.valueEnd, spelling.valueEnd]), &json)
    return .waits
  }

  /// What is no text is told when it is complete. It waits outside of what is searched for its end.
  private mutating func readOther(_ held: inout HeldText, _ json: inout String) -> Step {
    guard let rest = held.take(before: spelling.valueEnd) else {
      value += held.takeCertain(without: spelling.valueEnd)
      return .waits
    }
    json += types.json(withoutLineEnd(value + rest))
    value = ""
    place = .between
    return .again
  }

  private func escape(_ text: String, _ json: inout String) {
    var bytes: [UInt8] = []
    JSONWriter.escape(text, into: &bytes)
    json += String(decoding: bytes, as: UTF8.self)
  }

  private func withoutLineEnd(_ text: String) -> String {
    guard spelling.breaksLines, text.utf8.last == UInt8(ascii: "\n") else { return text }
    // A carriage return in front is the value's own, and one character with the line feed.
    return String(text.unicodeScalars.dropLast())
  }
}
