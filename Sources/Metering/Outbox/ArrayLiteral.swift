// Arrays in the text form that PostgreSQL reads.

/// An array of texts: `{"a","b"}`.
package func arrayLiteral(_ texts: [String]) -> String {
  let elements = texts.map { text in
    var element = String.UnicodeScalarView()
    // By scalars: a quotation mark and an accent behind it are one character.
    for scalar in text.unicodeScalars {
      if scalar == "\"" || scalar == "\\" { element.append("\\") }
      element.append(scalar)
    }
    return "\"\(String(element))\""
  }
  return "{" + elements.joined(separator: ",") + "}"
}
