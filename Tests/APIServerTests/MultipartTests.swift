// Forms: what clients send, what RFC 2046 and 7578 allow, and bodies that mean harm.

import APIServer
import TestSupport
import Testing

@Suite struct MultipartTests {
  private func form(
    _ text: String, _ type: String = "multipart/form-data; boundary=b"
  ) throws -> [String] {
    try MultipartForm(Array(text.utf8), contentType: type).parts.map {
      "\($0.name)=\(String(decoding: $0.content, as: UTF8.self))"
    }
  }

  private static func part(_ header: String, _ content: String) -> String {
    "--b\r\nContent-Disposition: \(header)\r\n\r\n\(content)\r\n"
  }

  @Test(
    arguments: [
      (part("form-data; name=\"a\"", "1") + "--b--\r\n", ["a=1"]),
      (part("form-data; name=\"a\"", "1") + "--b--", ["a=1"]),
      (part("form-data; name=a", "") + "--b--", ["a="]),
      (
        part("form-data; name=\"a\"", "1")
          + part("FORM-DATA ;NAME = \"x[]\"; filename=\"a;b\"", "2")
          + "--b--", ["a=1", "x[]=2"]
      ),
      // Words in front and behind, and white space behind a boundary.
      (
        "words\r\n--b \t\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--b--\r\nmore",
        ["a=1"]
      ),
      // Line ends and dashes are content like any other.
      (
        part("form-data; name=\"a\"", "\r\n--\r\n-\r\r\n--c\r\n") + "--b--",
        ["a=\r\n--\r\n-\r\r\n--c\r\n"]
      ),
      // The line's end that ends the headers may be the boundary's.
      ("--b\r\nContent-Disposition: form-data; name=a\r\n\r\n--b--", ["a="]),
      (part("form-data; name=\"a \\\"b\\\" \\\\ \\c\"", "1") + "--b--", ["a \"b\" \\ \\c=1"]),
      (
        "--b\r\nContent-Type: audio/wav\r\nContent-Transfer-Encoding: binary\r\n"
          + "content-disposition:form-data;name=a;\r\n\r\n1\r\n--b--", ["a=1"]
      ),
      ("--b--", []),
    ] as [(String, [String])])
  func aFormIsTakenApart(text: String, parts: [String]) throws {
    #expect(try form(text) == parts)
  }

  @Test(
    arguments: [
      "multipart/form-data; boundary=\"b\"", "Multipart/Form-Data;charset=utf-8;BOUNDARY=b",
      "multipart/form-data ; boundary = b",
    ])
  func aBoundaryMayBeQuoted(type: String) throws {
    #expect(try form(Self.part("form-data; name=a", "1") + "--b--", type) == ["a=1"])
  }

  @Test(
    arguments: [
      "", "b", "--c--", "--b", "--b\r\n", "--b\r\n\r\n--b--", "--bb--",
      "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n1",
      "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--b",
      "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--bx\r\n\r\n2\r\n--b--",
      "--b\nContent-Disposition: form-data; name=a\n\n1\n--b--",
      "--b\r\nContent-Disposition: form-data\r\n\r\n1\r\n--b--",
      "--b\r\nContent-Disposition: attachment; name=a\r\n\r\n1\r\n--b--",
      "--b\r\nContent-Disposition: form-data; name=\"\"\r\n\r\n1\r\n--b--",
      "--b\r\nContent-Disposition: form-data; name=\"a\r\n\r\n1\r\n--b--",
      "--b\r\nContent-Disposition: form-data; name=a; name=b\r\n\r\n1\r\n--b--",
      "--b\r\nContent-Disposition: form-data; name\r\n\r\n1\r\n--b--",
      "--b\r\nContent-Disposition: form-data; name=a\r\nContent-Disposition: form-data; name=a"
        + "\r\n\r\n1\r\n--b--",
      "--b\r\nContent-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: base64\r\n\r\n1"
        + "\r\n--b--",
      "--b\r\nno colon\r\n\r\n1\r\n--b--",
      "--b\r\nX: " + String(repeating: "x", count: MultipartForm.headerLimit)
        + "\r\n\r\n1\r\n--b--",
      String(
        repeating: part("form-data; name=a", "1"), count: MultipartForm.partLimit + 1) + "--b--",
    ])
  func aMalformedFormIsRefused(text: String) throws {
    let error = #expect(throws: FormError.self) { try form(text) }
    #expect(error?.place == "body")
  }

  @Test(
    arguments: [
      "multipart/form-data", "multipart/form-data; boundary=",
      "multipart/form-data; boundary=\"b ", "multipart/form-data; boundary=\"b \"",
      "multipart/form-data; boundary=" + String(repeating: "b", count: 71),
      "multipart/form-data; boundary=\u{E4}", "", ";", "multipart/mixed; boundary=b",
      "application/json",
    ])
  func aTypeWithoutABoundaryIsRefused(type: String) {
    let error = #expect(throws: FormError.self) { try form("--b--", type) }
    #expect(error?.place == "content-type")
  }

  @Test func aParameterThatNobodyReadsMayBeAnyBytes() throws {
    let bytes =
      Array(
        Self.part("form-data; filename=\"gr%n\"; name=a", "1").utf8.map {
          $0 == UInt8(ascii: "%") ? 0xFC : $0
        }) + Array("--b--".utf8)
    let form = try MultipartForm(bytes, contentType: "multipart/form-data; boundary=b")
    #expect(form.parts.map(\.name) == ["a"])
    let named =
      Array(
        Self.part("form-data; name=\"gr%n\"", "1").utf8.map {
          $0 == UInt8(ascii: "%") ? 0xFC : $0
        }) + Array("--b--".utf8)
    #expect(throws: FormError.self) {
      try MultipartForm(named, contentType: "multipart/form-data; boundary=b")
    }
  }

  /// Either it is refused, or its parts lie behind each other in the bytes, with a boundary behind
  /// each.
  @Test(arguments: [UInt64(1), 2, 3]) func bytesThatAreNoTextMakeNoTrap(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let header = "Content-Disposition: form-data; name=\"a\""
    let pieces: [[UInt8]] = [
      Array("--b".utf8), [13, 10], [13], [10], Array("--".utf8), [0xFF], [0], Array(": ".utf8),
      Array(header.utf8), Array("\"".utf8), Array("=".utf8), Array(";".utf8), Array("\\".utf8),
      Array("\r\n--b\r\n\(header)\r\n\r\n".utf8), Array("\r\n--b--".utf8),
    ]
    var takenCount = 0
    for _ in 0..<2000 {
      let count = Int.random(in: 0..<24, using: &generator)
      let bytes = (0..<count).flatMap { _ in pieces.randomElement(using: &generator) ?? [] }
      guard let form = try? MultipartForm(bytes, contentType: "multipart/form-data; boundary=b")
      else { continue }
      var end = 0
      for part in form.parts {
        #expect(part.content.startIndex >= end && !part.name.isEmpty)
        end = part.content.endIndex
        #expect(bytes[end...].starts(with: "\r\n--b".utf8))
        takenCount += 1
      }
    }
    #expect(takenCount > 0)
  }
}
