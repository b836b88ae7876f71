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

  static func escaped(_ text: String) -> String {
    var escaped = ""
    for character in text {
      switch character {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      default: escaped.append(character)
      }
    }
    return escaped
  }
}

/// Cents as `12.34`.
package func centsText(_ cents: Int64) -> String {
  let (euros, rest) = cents.magnitude.quotientAndRemainder(dividingBy: 100)
  return "\(cents < 0 ? "-" : "")\(euros).\(rest < 10 ? "0" : "")\(rest)"
}
