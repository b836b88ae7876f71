// What is JSON, what is not, and where it stops being it.

import JSON
import Testing

@Suite struct JSONParserTests {
  @Test(
    arguments: [
      ("null", JSONValue.null), (" true ", true), ("false\n", false), ("0", 0), ("-0", 0),
      ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
      ("9223372036854775808", .largeInteger("9223372036854775808")), ("1.0", 1.0),
      ("-12345678901234567890123", .largeInteger("-12345678901234567890123")),
      ("-2.5e-3", -0.0025),
      ("1E2", 100.0), (#""""#, ""), (#""a\"\\\/\b\f\n\r\tz""#, "a\"\\/\u{8}\u{c}\n\r\tz"),
      (#""\u00e9\uD83D\uDE00""#, "é😀"), ("\"é😀\"", "é😀"), (#""\u0000""#, "\0"), ("[]", []),
      ("{}", [:]), ("[[],{}]", [[], [:]]), ("[1, \"a\" , null]", [1, "a", .null]),
      (#"{"b":1,"a":[{"c":2}]}"#, ["b": 1, "a": [["c": 2]]]),
      (#"{"a":1,"b":2,"a":3}"#, ["a": 3, "b": 2]),
    ] as [(String, JSONValue)])
  func `JSON gives its value`(text: String, value: JSONValue) throws {
    #expect(try JSONValue.parse(text) == value)
    #expect(try JSONValue.parse(value.serialized()) == value)
    #expect(try JSONValue.parse(value.serialized(.pretty)) == value)
  }

  @Test(
    arguments: [
      ("", .unexpectedEnd, 1, 1), ("  ", .unexpectedEnd, 1, 3), ("nul", .unexpectedByte, 1, 1),
      ("[1,]", .unexpectedByte, 1, 4), ("[1 2]", .unexpectedByte, 1, 4),
      ("[1}", .unexpectedByte, 1, 3), ("[", .unexpectedEnd, 1, 2),
      ("{\"a\":1,}", .unexpectedByte, 1, 8),
      ("{\"a\" 1}", .unexpectedByte, 1, 6), ("{1:2}", .unexpectedByte, 1, 2),
      ("{\n \"é\": x}", .unexpectedByte, 2, 7), ("1 2", .trailingBytes, 1, 3),
      ("01", .invalidNumber, 1, 1), ("-", .unexpectedEnd, 1, 2), ("1.", .unexpectedEnd, 1, 3),
      ("1.x", .invalidNumber, 1, 3), ("1e+", .unexpectedEnd, 1, 4), ("+1", .unexpectedByte, 1, 1),
      ("1e999", .numberOutOfRange, 1, 1), ("NaN", .unexpectedByte, 1, 1),
      ("\"a", .unexpectedEnd, 1, 3), ("\"\\", .unexpectedEnd, 1, 3),
      ("\"\\x\"", .invalidEscape, 1, 2),
      ("\"\\u12g4\"", .invalidEscape, 1, 2), ("\"a\nb\"", .controlCharacter, 1, 3),
      (#"" \uD800""#, .loneSurrogate, 1, 3), (#""\uDC00""#, .loneSurrogate, 1, 2),
      (#""\uD800\u0041""#, .loneSurrogate, 1, 2), ("'a'", .unexpectedByte, 1, 1),
      ("\u{FEFF}1", .unexpectedByte, 1, 1), ("// a\n1", .unexpectedByte, 1, 1),
    ] as [(String, JSONError.Code, Int, Int)])
  func `anything else is an error at its place`(
    text: String, code: JSONError.Code, line: Int, column: Int
  ) {
    let error = #expect(throws: JSONError.self) { try JSONValue.parse(text) }
    #expect(error?.code == code)
    #expect(error?.line == line)
    #expect(error?.column == column)
  }

  @Test(
    arguments: [
      ([0x22, 0xFF, 0x22], 1), ([0x22, 0x61, 0xC3, 0x22], 2), ([0x22, 0xED, 0xA0, 0x80, 0x22], 1),
      ([0x22, 0x5C, 0x6E, 0xC0, 0x80, 0x22], 3), ([0x22, 0xC3, 0x5C, 0x6E, 0x22], 1),
    ] as [([UInt8], Int)])
  func `bytes that are not UTF-8 are an error at their place`(bytes: [UInt8], offset: Int) {
    let error = #expect(throws: JSONError.self) { try JSONValue.parse(bytes) }
    #expect(error?.code == .invalidUTF8)
    #expect(error?.offset == offset)
  }

  @Test func `limits are errors of their own`() throws {
    let nested = String(repeating: "[", count: 65) + String(repeating: "]", count: 65)
    #expect(throws: JSONError.self) { try JSONValue.parse(nested) }
    _ = try JSONValue.parse(nested, limits: .init(depth: 65))
    let deep = String(repeating: "{\"a\":", count: 100_000)
    let error = #expect(throws: JSONError.self) {
      try JSONValue.parse(deep, limits: .init(depth: .max))
    }
    #expect(error?.code == .tooDeep)
    let bytes = #expect(throws: JSONError.self) {
      try JSONValue.parse("[1,2]", limits: .init(byteCount: 4))
    }
    #expect(bytes?.code == .tooManyBytes)
    let values = #expect(throws: JSONError.self) {
      try JSONValue.parse("[1,2]", limits: .init(valueCount: 2))
    }
    #expect(values?.code == .tooManyValues)
  }

  @Test func `an error repeats nothing of the document`() {
    let error = #expect(throws: JSONError.self) { try JSONValue.parse("{\"secret\": secret}") }
    #expect(error?.description == "JSON, line 1, column 12: expected a value, found a letter")
  }
}
