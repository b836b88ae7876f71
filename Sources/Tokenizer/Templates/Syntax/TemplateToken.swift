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
  enum Symbol: String, CaseIterable, Sendable {
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

    /// Symbols by their one or two bytes.
    static let all: [UInt16: Symbol] = Dictionary(
      uniqueKeysWithValues: allCases.map { symbol in
        (symbol.rawValue.utf8.reduce(0) { $0 << 8 | UInt16($1) }, symbol)
      })
  }

  /// Names that mean something in an expression or a tag.
  enum Word: String, CaseIterable, Sendable {
    case and, or, not, `is`, `in`, `if`, `else`, elif, recursive, scoped
    case endif, endfor, endset, endmacro, endcall, endfilter, endwith, endblock, endgeneration
    case endautoescape

    static let all: [TemplateText: Word] = Dictionary(
      uniqueKeysWithValues: allCases.map { (TemplateText($0.rawValue), $0) })
  }

  let kind: Kind
  /// What a name means beside being one.
  let word: Word?
  /// Offset into the normalised source.
  let position: Int

  init(kind: Kind, position: Int) {
    self.kind = kind
    self.position = position
    if case .name(let name) = kind { word = Word.all[name] } else { word = nil }
  }

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
