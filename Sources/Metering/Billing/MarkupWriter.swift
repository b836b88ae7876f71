// XML and HTML as text: elements in order, everything between them escaped.

/// Collects markup.
struct MarkupWriter {
  private(set) var text = ""

  /// Adds a line as it is; nothing of it may come from outside.
  mutating func raw(_ markup: String) { text += markup + "\n" }

  /// Adds an element with text in it; nothing where the text is empty.
  mutating func element(_ name: String, _ content: String, _ attributes: String = "") {
    guard !content.isEmpty else { return }
    let space = attributes.isEmpty ? "" : " "
    text += "<\(name)\(space)\(attributes)>\(Self.escaped(content))</\(name)>\n"
  }

  /// Adds an element with others in it.
  mutating func element(_ name: String, _ body: (inout MarkupWriter) -> Void) {
    text += "<\(name)>\n"
    body(&self)
    text += "</\(name)>\n"
  }

  /// By scalars and not by characters, of which `<` and an accent behind it are one. What XML 1.0 has no
  /// place for becomes U+FFFD.
  static func escaped(_ text: String) -> String {
    var escaped = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;".unicodeScalars
      case "<": escaped += "&lt;".unicodeScalars
      case ">": escaped += "&gt;".unicodeScalars
      case "\"": escaped += "&quot;".unicodeScalars
      case "\t", "\n", "\r", " "..."\u{D7FF}", "\u{E000}"..."\u{FFFD}", "\u{10000}"...:
        escaped.append(scalar)
      default: escaped.append("\u{FFFD}")
      }
    }
    return String(escaped)
  }
}

/// Cents as `12.34`.
package func centsText(_ cents: Int64) -> String {
  let (euros, rest) = cents.magnitude.quotientAndRemainder(dividingBy: 100)
  return "\(cents < 0 ? "-" : "")\(euros).\(rest < 10 ? "0" : "")\(rest)"
}
