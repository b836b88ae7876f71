// What went wrong in a template and where, in the template's own words.

import JSON

/// Why a template could not be read or rendered. Everything it quotes is the template's text;
/// the values it was rendered with are not repeated.
public struct TemplateError: Error, Equatable, Sendable, CustomStringConvertible {
  public enum Code: String, Sendable {
    /// The source is not Jinja.
    case syntax
    /// Something was asked of a value that does not exist.
    case undefined
    /// An operation, filter, test or call that these values do not allow.
    case invalidOperation
    /// The template called `raise_exception`: it refuses this conversation.
    case raised
    /// One of `TemplateLimits`.
    case tooManySteps, tooManyBytes
    /// Nested too deeply to be read or evaluated safely.
    case tooDeep
  }

  public let code: Code
  /// In the template, from 1.
  public let line: Int
  /// In the template, from 1, counted in Unicode scalars.
  public let column: Int
  public let message: String
  /// The template's text around the place, on one line.
  public let excerpt: String

  public var description: String {
    "chat template, line \(line), column \(column): \(message.shown), at \"\(excerpt.shown)\""
  }

  init(_ fault: TemplateFault, in source: TemplateSource) {
    let place = source.place(at: fault.position ?? 0)
    code = fault.code
    line = place.line
    column = place.column
    message = fault.message
    excerpt = place.excerpt
  }
}

/// An error on its way out: what is known of its place is added as it passes.
struct TemplateFault: Error {
  let code: TemplateError.Code
  let message: String
  /// Offset into the normalised source; nil until somebody who knows it has seen the fault.
  var position: Int?

  init(_ code: TemplateError.Code, _ message: String, at position: Int? = nil) {
    self.code = code
    self.message = message
    self.position = position
  }

  /// The fault, at `position` unless a narrower place is known already.
  func at(_ position: Int) -> TemplateFault {
    TemplateFault(code, message, at: self.position ?? position)
  }
}

/// A template's text with `\n` for every line break and without one at the end, as Jinja reads it.
struct TemplateSource {
  let utf8: [UInt8]

  init(_ source: String) {
    var utf8: [UInt8] = []
    utf8.reserveCapacity(source.utf8.count)
    for byte in source.utf8 {
      if byte == 0x0A, utf8.last == 0x0D { utf8.removeLast() }
      if utf8.last == 0x0D { utf8[utf8.count - 1] = 0x0A }
      utf8.append(byte)
    }
    if utf8.last == 0x0D { utf8[utf8.count - 1] = 0x0A }
    if utf8.last == 0x0A { utf8.removeLast() }
    self.utf8 = utf8
  }

  /// The line, column and surroundings of an offset.
  func place(at offset: Int) -> (line: Int, column: Int, excerpt: String) {
    let offset = min(max(offset, 0), utf8.count)
    let before = utf8[..<offset]
    let lineStart = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
    let lineEnd = utf8[offset...].firstIndex(of: 0x0A) ?? utf8.count
    var start = max(lineStart, offset - 30)
    while start > lineStart, utf8[start] & 0xC0 == 0x80 { start -= 1 }
    var end = min(lineEnd, offset + 50)
    while end < lineEnd, utf8[end] & 0xC0 == 0x80 { end += 1 }
    return (
      line: before.count { $0 == 0x0A } + 1,
      column: utf8[lineStart..<offset].count { $0 & 0xC0 != 0x80 } + 1,
      excerpt: String(decoding: utf8[start..<end], as: UTF8.self)
    )
  }
}
