// From bytes to a value: RFC 8259 to the letter. Containers wait on a stack of their own, so no
// document can exhaust the thread's.

extension JSONValue {
  /// The value of a JSON document in UTF-8.
  ///
  /// Nothing but JSON is accepted: no byte order mark, comment, trailing comma, NaN, lone
  /// surrogate or second document. Of equal keys the last one counts. An integer outside
  /// `Int64` keeps its digits (`largeInteger`); a number outside `Double` is an error.
  public static func parse(
    _ utf8: [UInt8], limits: JSONLimits = .init()
  ) throws(JSONError) -> JSONValue {
    var parser = JSONParser(bytes: utf8, limits: limits)
    return try parser.document()
  }

  /// As for an array; other collections are copied first.
  public static func parse(
    _ utf8: some Collection<UInt8>, limits: JSONLimits = .init()
  ) throws(JSONError) -> JSONValue {
    try parse(Array(utf8), limits: limits)
  }

  /// The value of a JSON document.
  public static func parse(
    _ text: some StringProtocol, limits: JSONLimits = .init()
  ) throws(JSONError) -> JSONValue {
    try parse(Array(text.utf8), limits: limits)
  }
}

struct JSONParser {
  let bytes: [UInt8]
  let limits: JSONLimits
  var position = 0
  private var valueCount = 0
  private var open: [Container] = []

  /// An array or object whose end has not been read.
  private struct Container {
    var elements: [JSONValue] = []
    var members = JSONObject()
    /// The key whose value comes next; nil in an array.
    var key: String?
  }

  init(bytes: [UInt8], limits: JSONLimits) {
    self.bytes = bytes
    self.limits = limits
  }

  mutating func document() throws(JSONError) -> JSONValue {
    guard bytes.count <= limits.byteCount else {
      throw error(
        .tooManyBytes,
        "the document has \(bytes.count) bytes; at most \(limits.byteCount) are accepted",
        at: 0)
    }
    while true {
      guard var value = try scalarOrOpening() else { continue }
      // The value may end any number of containers.
      while let isObject = open.last.map({ $0.key != nil }) {
        if let key = open[open.count - 1].key {
          open[open.count - 1].members[key] = value
        } else {
          open[open.count - 1].elements.append(value)
        }
        guard let ended = try end(ofObject: isObject) else { break }
        value = ended
      }
      if open.isEmpty {
        if peek() != nil {
          throw error(.trailingBytes, "expected the end of the document, found \(found())")
        }
        return value
      }
    }
  }

  /// A whole value, or nil where a container was opened that has something in it.
  private mutating func scalarOrOpening() throws(JSONError) -> JSONValue? {
    valueCount += 1
    guard valueCount <= limits.valueCount else {
      throw error(.tooManyValues, "more than \(limits.valueCount) values in the document")
    }
    switch peek() {
    case UInt8(ascii: "\""):
      return .string(try string())
    case UInt8(ascii: "{"):
      try openContainer()
      if peek() == UInt8(ascii: "}") {
        position += 1
        return .object(JSONObject())
      }
      open.append(Container(key: try key()))
      return nil
    case UInt8(ascii: "["):
      try openContainer()
      if peek() == UInt8(ascii: "]") {
        position += 1
        return .array([])
      }
      open.append(Container())
      return nil
    case UInt8(ascii: "t"):
      return try word("true", .bool(true))
    case UInt8(ascii: "f"):
      return try word("false", .bool(false))
    case UInt8(ascii: "n"):
      return try word("null", .null)
    case UInt8(ascii: "-"), (UInt8(ascii: "0")...UInt8(ascii: "9"))?:
      return try number()
    default:
      throw unexpected("a value")
    }
  }

  private mutating func openContainer() throws(JSONError) {
    guard open.count < limits.depth else {
      throw error(.tooDeep, "nested deeper than \(limits.depth) levels")
    }
    position += 1
  }

  /// What follows a value in a container: nil after a comma (and the next key), else the
  /// finished container.
  private mutating func end(ofObject isObject: Bool) throws(JSONError) -> JSONValue? {
    switch peek() {
    case UInt8(ascii: ","):
      position += 1
      if isObject {
        _ = peek()
        open[open.count - 1].key = try key()
      }
      return nil
    case UInt8(ascii: "}") where isObject:
      position += 1
      return .object(open.removeLast().members)
    case UInt8(ascii: "]") where !isObject:
      position += 1
      return .array(open.removeLast().elements)
    default:
      throw unexpected(isObject ? "',' or '}'" : "',' or ']'")
    }
  }

  private mutating func key() throws(JSONError) -> String {
    guard peek() == UInt8(ascii: "\"") else { throw unexpected("a key in double quotes") }
    let key = try string()
    guard peek() == UInt8(ascii: ":") else { throw unexpected("':' after a key") }
    position += 1
    return key
  }

  private mutating func word(_ word: StaticString, _ value: JSONValue) throws(JSONError)
    -> JSONValue
  {
    let text = word.description.utf8
    guard bytes[position...].starts(with: text) else {
      throw error(.unexpectedByte, "expected a value, found a word that is not true, false or null")
    }
    position += text.count
    return value
  }

  /// The next byte that is not white space, not consumed; nil at the end.
  private mutating func peek() -> UInt8? {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x0A, 0x0D, 0x09: position += 1
      case let byte: return byte
      }
    }
    return nil
  }
}
