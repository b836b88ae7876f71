// Where a fault is and what stands there, in words that repeat nothing of the document.

extension JSONParser {
  /// An error at `place`, by default where the parser stands.
  func error(_ code: JSONError.Code, _ message: String, at place: Int? = nil) -> JSONError {
    let offset = place ?? position
    var line = 1
    var column = 1
    for byte in bytes[..<offset] {
      if byte == 0x0A {
        line += 1
        column = 1
      } else if byte & 0xC0 != 0x80 {
        column += 1
      }
    }
    return JSONError(code: code, line: line, column: column, offset: offset, message: message)
  }

  /// The error for something else where `expected` should be.
  func unexpected(_ expected: String) -> JSONError {
    error(
      position < bytes.count ? .unexpectedByte : .unexpectedEnd,
      "expected \(expected), found \(found())")
  }

  /// The kind of the byte at `place`, by default where the parser stands.
  func found(at place: Int? = nil) -> String {
    let place = place ?? position
    guard place < bytes.count else { return "the end of the document" }
    let character = Character(Unicode.Scalar(bytes[place]))
    return switch character {
    case "{", "}", "[", "]", ":", ",", "\"", "'": "\(character)"
    case "0"..."9": "a digit"
    case "a"..."z", "A"..."Z": "a letter"
    case " "..."~": "a punctuation mark"
    default: "the byte 0x" + String(bytes[place], radix: 16, uppercase: true)
    }
  }
}
