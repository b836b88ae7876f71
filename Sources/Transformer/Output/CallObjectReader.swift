// Reads the JSON object of a call while it is generated, so that its arguments go out as they come.

import JSON

/// One object with `name` (or `tool_name`) and `arguments` (or `parameters`), byte by byte.
struct CallObjectReader {
  enum Step {
    case more
    /// The object is complete.
    case done
    /// It is no call of a known function.
    case rejected
  }

  /// All bytes so far.
  private(set) var raw: [UInt8] = []
  private let names: Set<String>
  private let makeID: () -> String
  private var depth = 0
  private var isInString = false
  private var isEscaped = false
  private var stringStart = 0
  private var expectsKey = true
  private var key = ""
  private var name: String?
  /// Where the value of the arguments begins and ends.
  private var start: Int?
  private var end: Int?
  /// The object is the arguments themselves.
  private let isArguments: Bool
  private var told = 0
  private var isBegun = false

  /// - Parameters:
  ///   - name: The function's name where it stood before the object, which then is its arguments.
  ///   - makeID: Gives the call its id.
  init(names: Set<String>, name: String? = nil, makeID: @escaping () -> String) {
    self.names = names
    self.name = name
    self.makeID = makeID
    isArguments = name != nil
    if isArguments { start = 0 }
  }

  /// Whether the call was told of, so that there is no way back.
  var hasBegun: Bool { isBegun }

  /// Takes the next byte.
  mutating func read(_ byte: UInt8) -> Step {
    raw.append(byte)
    let place = raw.count - 1
    if isInString {
      if isEscaped {
        isEscaped = false
      } else if byte == UInt8(ascii: "\\") {
        isEscaped = true
      } else if byte == UInt8(ascii: "\"") {
        isInString = false
        if depth == 1, !isArguments { return endString(place) }
      }
      return .more
    }
    switch byte {
    case UInt8(ascii: "\""):
      isInString = true
      stringStart = place
      noteValue(place)
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      noteValue(place)
      depth += 1
    case UInt8(ascii: "}"), UInt8(ascii: "]"):
      depth -= 1
      if depth == (isArguments ? 0 : 1), start != nil, end == nil { end = place + 1 }
      if depth == 0 { return name == nil ? .rejected : .done }
    case UInt8(ascii: ","):
      if depth == 1 { expectsKey = true }
    case UInt8(ascii: ":"):
      if depth == 1 { expectsKey = false }
    default: break
    }
    return .more
  }

  /// What may be told since the last time.
  mutating func pieces(isDone: Bool) -> [AnswerPiece] {
    guard let name else { return [] }
    var pieces: [AnswerPiece] = []
    if !isBegun {
      isBegun = true
      pieces.append(.call(id: makeID(), name: name))
      told = start ?? 0
    }
    if let start {
      if told < start { told = start }
      if raw[start] == UInt8(ascii: "\"") {
        // Arguments as JSON in a string: told when the string is complete.
        if let end, told == start {
          pieces.append(.arguments(Self.object(in: raw[start..<end]) ?? "{}"))
          told = end
        }
      } else if told < end ?? raw.count {
        let upTo = end ?? raw.count
        pieces.append(.arguments(String(decoding: raw[told..<upTo], as: UTF8.self)))
        told = upTo
      }
    } else if isDone {
      pieces.append(.arguments("{}"))
    }
    return pieces
  }

  private mutating func noteValue(_ place: Int) {
    guard depth == 1, !expectsKey, start == nil else { return }
    if key == "arguments" || key == "parameters" { start = place }
  }

  private mutating func endString(_ place: Int) -> Step {
    if expectsKey {
      key = Self.string(raw[stringStart...place]) ?? ""
    } else if key == "name" || key == "tool_name", name == nil {
      guard let found = Self.string(raw[stringStart...place]), names.contains(found) else {
        return .rejected
      }
      name = found
    } else if start == stringStart {
      end = place + 1
    }
    return .more
  }

  /// The text of a JSON string that is itself a JSON object; nil where it is another: clients read it as
  /// one.
  private static func object(in bytes: ArraySlice<UInt8>) -> String? {
    guard let text = string(bytes), (try? JSONValue.parse(text))?.objectValue != nil else {
      return nil
    }
    return text
  }

  /// The text of a JSON string with its quotes; nil where it is none.
  private static func string(_ bytes: ArraySlice<UInt8>) -> String? {
    (try? JSONValue.parse(Array(bytes)))?.stringValue
  }
}
