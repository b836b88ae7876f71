// From tokens to a syntax tree: what the parts of the parser share.

struct TemplateParser {
  /// How deep statements and expressions may stand inside one another: the parser, the evaluator
  /// and the tree's release all recurse.
  static let nestingLimit = 50
  /// How many attributes, calls, filters and tests may follow one another.
  static let chainLimit = 60

  private let tokens: [TemplateToken]
  private var index = 0
  private var nesting = 0
  private var names = TemplateName.special
  private var indices: [TemplateText: TemplateName]
  /// Which special names have been read in the macro at hand.
  var uses: Set<TemplateName> = []
  /// The blocks so far.
  var blockNames: Set<TemplateText> = []
  /// How many loops are open in the macro at hand.
  var loopCount = 0

  init(tokens: [TemplateToken]) {
    self.tokens = tokens
    indices = [:]
    for (index, name) in names.enumerated() { indices[name] = TemplateName(index: index) }
  }

  mutating func program() throws(TemplateFault) -> TemplateProgram {
    let statements = try statements(until: [], after: nil)
    return TemplateProgram(statements: statements, names: names, indices: indices)
  }

  // MARK: Tokens

  var current: TemplateToken { tokens[index] }

  var next: TemplateToken { tokens[min(index + 1, tokens.count - 1)] }

  /// Goes on to the next token; `end` stays.
  mutating func advance() {
    index = min(index + 1, tokens.count - 1)
  }

  func isAt(_ symbol: TemplateToken.Symbol) -> Bool {
    if case .symbol(symbol) = current.kind { true } else { false }
  }

  func isAt(_ word: TemplateToken.Word) -> Bool { current.word == word }

  mutating func skip(_ symbol: TemplateToken.Symbol) -> Bool {
    guard isAt(symbol) else { return false }
    advance()
    return true
  }

  mutating func skip(_ word: TemplateToken.Word) -> Bool {
    guard isAt(word) else { return false }
    advance()
    return true
  }

  mutating func expect(_ symbol: TemplateToken.Symbol) throws(TemplateFault) {
    if !skip(symbol) { throw unexpected("'\(symbol.rawValue)'") }
  }

  mutating func expect(_ kind: TemplateToken.Kind) throws(TemplateFault) {
    guard current.kind == kind else {
      throw unexpected(TemplateToken(kind: kind, position: 0).description)
    }
    advance()
  }

  mutating func expectName() throws(TemplateFault) -> TemplateText {
    guard case .name(let name) = current.kind else { throw unexpected("a name") }
    advance()
    return name
  }

  func unexpected(_ expected: String) -> TemplateFault {
    TemplateFault(
      .syntax, "expected \(expected), found \(current.description)", at: current.position)
  }

  // MARK: Names and nesting

  mutating func intern(_ name: TemplateText) -> TemplateName {
    if let known = indices[name] { return known }
    let new = TemplateName(index: names.count)
    names.append(name)
    indices[name] = new
    return new
  }

  /// Goes one level deeper; `leave` goes back.
  mutating func enter() throws(TemplateFault) {
    nesting += 1
    if nesting > Self.nestingLimit {
      throw TemplateFault(
        .tooDeep, "nested deeper than \(Self.nestingLimit) levels", at: current.position)
    }
  }

  mutating func leave() { nesting -= 1 }

  // MARK: Statements

  /// Text and statements up to a tag that begins with one of `ends`, of which the name is next;
  /// without `ends`, up to the end of the template. `opening` is the tag that waits for it.
  mutating func statements(
    until ends: [TemplateToken.Word], after opening: TemplateToken?
  ) throws(TemplateFault) -> [TemplateStatement] {
    try enter()
    var statements: [TemplateStatement] = []
    while true {
      let token = current
      advance()
      switch token.kind {
      case .data(let text):
        statements.append(.text(text))
      case .variableBegin:
        statements.append(.output(try tuple()))
        try expect(.variableEnd)
      case .blockBegin:
        if let word = current.word, ends.contains(word) {
          leave()
          return statements
        }
        statements.append(try statement())
        try expect(.blockEnd)
      default:
        guard let opening else {
          leave()
          return statements
        }
        let expected = ends.map { "'\($0.rawValue)'" }.joined(separator: " or ")
        throw TemplateFault(
          .syntax, "expected \(expected) before the end of the template", at: opening.position)
      }
    }
  }
}
