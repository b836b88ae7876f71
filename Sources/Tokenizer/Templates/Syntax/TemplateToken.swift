// What the lexer hands to the parser.

/// A piece of a template.
struct TemplateToken: Sendable {
  enum Kind: Sendable, Equatable {
    /// Text between tags.
    case data(TemplateText)
    /// `{{`, `}}`, `{%` and `%}`.
    case variableBegin, variableEnd, blockBegin, blockEnd
    case name(TemplateText)
    case string(TemplateText)
    case integer(Int)
    case float(Double)
    case symbol(Symbol)
    case end
  }

  /// Operators and punctuation.
  enum Symbol: String, Sendable {
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
    case floorDivide = "//"
    case modulo = "%"
    case power = "**"
    case concatenate = "~"
    case openBracket = "["
    case closeBracket = "]"
    case openParenthesis = "("
    case closeParenthesis = ")"
    case openBrace = "{"
    case closeBrace = "}"
    case equal = "=="
    case notEqual = "!="
    case greater = ">"
    case greaterOrEqual = ">="
    case less = "<"
    case lessOrEqual = "<="
    case assign = "="
    case dot = "."
    case colon = ":"
    case pipe = "|"
    case comma = ","
  }

  let kind: Kind
  /// Offset into the normalised source.
  let position: Int

  /// The token for an error message; it repeats the template only.
  var description: String {
    switch kind {
    case .data: "text"
    case .variableBegin: "'{{'"
    case .variableEnd: "'}}'"
    case .blockBegin: "'{%'"
    case .blockEnd: "'%}'"
    case .name(let name): "'\(name.string)'"
    case .string: "a string"
    case .integer, .float: "a number"
    case .symbol(let symbol): "'\(symbol.rawValue)'"
    case .end: "the end of the template"
    }
  }
}
