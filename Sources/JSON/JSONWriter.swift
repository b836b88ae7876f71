// From a value to bytes.

extension JSONValue {
  /// The value as JSON text.
  public func serialized(_ style: JSONWriter.Style = .compact) -> String {
    String(decoding: utf8(style), as: UTF8.self)
  }

  /// The value as JSON text in UTF-8.
  public func utf8(_ style: JSONWriter.Style = .compact) -> [UInt8] {
    var writer = JSONWriter(style: style)
    writer.write(self)
    return writer.bytes
  }
}

/// Collects JSON text. Only what must be escaped is: quotes, backslashes and control characters.
/// NaN and the infinities, which JSON does not have, are written as `null`.
public struct JSONWriter: Sendable {
  public enum Style: Sendable, Equatable {
    /// No white space at all.
    case compact
    /// A line for each element and member, indented by two spaces a level.
    case pretty
  }

  /// What has been written, in UTF-8.
  public private(set) var bytes: [UInt8] = []
  private let style: Style
  private var depth = 0

  public init(style: Style = .compact) {
    self.style = style
  }

  /// Appends a value.
  public mutating func write(_ value: JSONValue) {
    switch value {
    case .null: write(raw: "null")
    case .bool(let value): write(raw: value ? "true" : "false")
    case .integer(let value): write(raw: value.description)
    case .largeInteger(let digits): write(raw: digits)
    case .number(let value): write(raw: value.isFinite ? value.description : "null")
    case .string(let value): write(string: value)
    case .array(let elements):
      write(elements, between: "[", and: "]") { $0.write($1) }
    case .object(let members):
      write(members, between: "{", and: "}") { writer, member in
        writer.write(string: member.key)
        writer.write(raw: writer.style == .pretty ? ": " : ":")
        writer.write(member.value)
      }
    }
  }

  /// Appends a string with its quotes.
  public mutating func write(string: String) {
    bytes.append(UInt8(ascii: "\""))
    write(escaped: string)
    bytes.append(UInt8(ascii: "\""))
  }

  /// Appends the inside of a string, without quotes: the next piece of a longer one.
  public mutating func write(escaped text: String) {
    Self.escape(text, into: &bytes)
  }

  /// Appends text that is JSON, or a piece of it, already.
  public mutating func write(raw text: String) {
    bytes.append(contentsOf: text.utf8)
  }

  /// Appends the inside of a JSON string to `bytes`.
  package static func escape(_ text: String, into bytes: inout [UInt8]) {
    escape(text.utf8, into: &bytes)
  }

  /// Appends the inside of a JSON string, given in UTF-8, to `bytes`.
  package static func escape(utf8: [UInt8], into bytes: inout [UInt8]) {
    escape(utf8, into: &bytes)
  }

  private static func escape(_ text: some Sequence<UInt8>, into bytes: inout [UInt8]) {
    for byte in text {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(byte)
      case 0x20...: bytes.append(byte)
      case 0x0A: bytes.append(contentsOf: "\\n".utf8)
      case 0x0D: bytes.append(contentsOf: "\\r".utf8)
      case 0x09: bytes.append(contentsOf: "\\t".utf8)
      case 0x08: bytes.append(contentsOf: "\\b".utf8)
      case 0x0C: bytes.append(contentsOf: "\\f".utf8)
      default:
        bytes.append(contentsOf: "\\u00".utf8)
        bytes.append(hexDigit(byte >> 4))
        bytes.append(hexDigit(byte & 15))
      }
    }
  }

  private static func hexDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
  }

  private mutating func write<Items: Sequence>(
    _ items: Items, between opening: String, and closing: String,
    each: (inout JSONWriter, Items.Element) -> Void
  ) {
    write(raw: opening)
    depth += 1
    var isFirst = true
    for item in items {
      if !isFirst { bytes.append(UInt8(ascii: ",")) }
      isFirst = false
      breakLine()
      each(&self, item)
    }
    depth -= 1
    if !isFirst { breakLine() }
    write(raw: closing)
  }

  private mutating func breakLine() {
    guard style == .pretty else { return }
    bytes.append(0x0A)
    for _ in 0..<depth { write(raw: "  ") }
  }
}
