// A body of multipart/form-data (RFC 7578, with the boundaries of RFC 2046, 5.1). All of it is in
// memory, and nothing of it is copied: parts are slices.

/// What is wrong with a form.
package struct FormError: Error, Equatable {
  /// `body`, or the header at fault.
  package let place: String
  /// The end of a sentence that the form begins.
  package let fault: String

  init(_ place: String, _ fault: String) {
    self.place = place
    self.fault = fault
  }
}

/// A form, taken apart in time that is linear in its bytes.
package struct MultipartForm: Sendable {
  package struct Part: Sendable {
    package let name: String
    package let content: ArraySlice<UInt8>
  }

  /// In the order they were sent.
  package let parts: [Part]

  /// Parts of a form, at most.
  package static let partLimit = 64
  /// Bytes of the headers of one part, at most.
  package static let headerLimit = 8192
  /// Bytes of a boundary, at most, as RFC 2046 has it.
  private static let boundaryLimit = 70
  private static let lineEnd = Array("\r\n".utf8)
  private static let dashes = Array("--".utf8)

  /// - Parameters:
  ///   - bytes: the whole body.
  ///   - contentType: the header's text.
  /// - Throws: where the type is another, or the body is malformed.
  package init(_ bytes: [UInt8], contentType: String) throws(FormError) {
    guard let type = HeaderParameters(Array(contentType.utf8)[...]) else {
      throw FormError("content-type", "its Content-Type is malformed")
    }
    guard type.value == "multipart/form-data" else {
      throw FormError("content-type", "its Content-Type is another")
    }
    guard let boundary = type.parameters["boundary"], !boundary.isEmpty,
      boundary.count <= Self.boundaryLimit, boundary.last != UInt8(ascii: " "),
      boundary.allSatisfy({ (0x20..<0x7F).contains($0) })
    else {
      throw FormError(
        "content-type",
        "its Content-Type needs a boundary of 1 to \(Self.boundaryLimit) characters")
    }
    try self.init(bytes, boundary: boundary)
  }

  /// - Parameter boundary: without the dashes in front; not empty, and without line ends.
  init(_ bytes: [UInt8], boundary: [UInt8]) throws(FormError) {
    let mark = Self.lineEnd + Self.dashes + boundary
    var parts: [Part] = []
    var place: Int
    // The first one may stand at the very beginning, and there may be words in front of it.
    if bytes.starts(with: mark.dropFirst(Self.lineEnd.count)) {
      place = mark.count - Self.lineEnd.count
    } else if let first = Self.find(mark, in: bytes, from: 0) {
      place = first + mark.count
    } else {
      throw FormError("body", "the boundary that its Content-Type names is not in it")
    }
    while !bytes[place...].starts(with: Self.dashes) {
      while place < bytes.count, bytes[place].isSpace { place += 1 }
      guard bytes[place...].starts(with: Self.lineEnd) else {
        throw FormError("body", "a boundary is not alone on its line")
      }
      guard parts.count < Self.partLimit else {
        throw FormError("body", "it has more than \(Self.partLimit) parts")
      }
      let (name, start) = try Self.header(bytes, from: place + Self.lineEnd.count)
      // The line's end in front of the boundary is the boundary's, be it that of an empty line.
      guard let end = Self.find(mark, in: bytes, from: start - Self.lineEnd.count) else {
        throw FormError("body", "it ends within a part: the last boundary is missing")
      }
      parts.append(Part(name: name, content: bytes[min(start, end)..<end]))
      place = end + mark.count
    }
    self.parts = parts
  }

  /// The name of the part whose headers begin at a place, and where its content begins.
  private static func header(
    _ bytes: [UInt8], from place: Int
  ) throws(FormError) -> (name: String, start: Int) {
    let limit = min(bytes.count, place + headerLimit)
    var start = place
    var disposition: HeaderParameters?
    while true {
      guard let end = find(lineEnd, in: bytes[..<limit], from: start) else {
        throw FormError("body", "the headers of a part do not end, or are too large")
      }
      let line = bytes[start..<end]
      start = end + lineEnd.count
      if line.isEmpty { break }
      guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else {
        throw FormError("body", "a header of a part has no colon")
      }
      let value = line[(colon + 1)...]
      switch String(decoding: line[..<colon], as: UTF8.self).lowercased() {
      case "content-disposition":
        guard disposition == nil, let read = HeaderParameters(value) else {
          throw FormError("body", "the Content-Disposition of a part is malformed")
        }
        disposition = read
      case "content-transfer-encoding":
        guard let coding = HeaderParameters(value)?.value,
          ["binary", "8bit", "7bit"].contains(coding)
        else { throw FormError("body", "a part is encoded; send its bytes as they are") }
      default: break
      }
    }
    guard let disposition, disposition.value == "form-data",
      let name = disposition.text("name"), !name.isEmpty
    else {
      throw FormError(
        "body", "a part has no Content-Disposition of the kind 'form-data; name=\"…\"'")
    }
    return (name, start)
  }

  /// Where a mark begins that starts with a carriage return and has no other: what was compared and
  /// differs needs no second look.
  private static func find(
    _ mark: [UInt8], in bytes: ArraySlice<UInt8>, from start: Int
  ) -> Int? {
    var place = start
    while place + mark.count <= bytes.endIndex {
      var count = 0
      while count < mark.count, bytes[place + count] == mark[count] { count += 1 }
      if count == mark.count { return place }
      place += max(1, count)
    }
    return nil
  }

  private static func find(_ mark: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
    find(mark, in: bytes[...], from: start)
  }
}
