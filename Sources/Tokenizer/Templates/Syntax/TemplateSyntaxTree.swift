// A template as the parser understood it.

/// A template ready to be evaluated.
struct TemplateProgram: Sendable {
  let statements: [TemplateStatement]
  /// The text of every `TemplateName`.
  let names: [TemplateText]
  /// The name of every text in `names`.
  let indices: [TemplateText: TemplateName]
}

/// A variable's or attribute's name: its place in the program's list of names, so that scopes
/// compare numbers instead of text.
struct TemplateName: Hashable, Sendable {
  let index: Int

  /// Names with a meaning of their own, which every list of names begins with.
  static let special: [TemplateText] = ["loop", "caller", "varargs", "kwargs"]
  static let loop = TemplateName(index: 0)
  static let caller = TemplateName(index: 1)
  static let varargs = TemplateName(index: 2)
  static let kwargs = TemplateName(index: 3)
}

struct TemplateExpression: Sendable {
  let kind: Kind
  /// Offset into the normalised source.
  let position: Int

  indirect enum Kind: Sendable {
    case constant(TemplateValue)
    case name(TemplateName)
    case list([TemplateExpression])
    case tuple([TemplateExpression])
    case dict([(key: TemplateExpression, value: TemplateExpression)])
    case attribute(TemplateExpression, TemplateMember)
    case subscripted(TemplateExpression, TemplateExpression)
    case slice(TemplateExpression, TemplateSlice)
    case call(TemplateExpression, TemplateArgumentList)
    case filter(TemplateExpression, TemplateFilterCall)
    case test(TemplateExpression, TemplateTestCall)
    case negative(TemplateExpression)
    case positive(TemplateExpression)
    /// Operators of one precedence, applied from the left.
    case arithmetic(TemplateExpression, [TemplateOperation])
    case concatenation([TemplateExpression])
    /// `a < b < c` holds if both do; each operand is evaluated once.
    case comparison(TemplateExpression, [TemplateOperation])
    case and([TemplateExpression])
    case or([TemplateExpression])
    case not(TemplateExpression)
    case conditional(
      TemplateExpression, then: TemplateExpression, otherwise: TemplateExpression?)
  }
}

/// An operator and what stands on its right.
struct TemplateOperation: Sendable {
  enum Operator: Sendable {
    case add, subtract, multiply, divide, floorDivide, modulo, power
    case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual, isIn, notIn
  }

  let `operator`: Operator
  let operand: TemplateExpression
}

/// The name behind a dot, with the methods that it may be.
struct TemplateMember: Sendable {
  let name: TemplateText
  let index: TemplateName
  let methods: TemplateMethods

  init(name: TemplateText, index: TemplateName) {
    self.name = name
    self.index = index
    methods = TemplateMethods(named: name)
  }
}

struct TemplateSlice: Sendable {
  let start: TemplateExpression?
  let stop: TemplateExpression?
  let step: TemplateExpression?
}

/// What stands in the parentheses of a call.
struct TemplateArgumentList: Sendable {
  var positional: [TemplateExpression] = []
  var named: [(name: TemplateText, value: TemplateExpression)] = []
  /// `*list` and `**mapping`.
  var spread: TemplateExpression?
  var namedSpread: TemplateExpression?
}

struct TemplateFilterCall: Sendable {
  let name: TemplateText
  /// Nil where there is no such filter: an error only if the filter is reached.
  let function: TemplateFunction?
  let arguments: TemplateArgumentList
  let position: Int
}

struct TemplateTestCall: Sendable {
  let name: TemplateText
  /// Nil where there is no such test: an error only if the test is reached.
  let function: TemplateTest?
  let arguments: TemplateArgumentList
}

indirect enum TemplateStatement: Sendable {
  case text(TemplateText)
  case output(TemplateExpression)
  case conditional([TemplateBranch], otherwise: [TemplateStatement])
  case loop(TemplateLoop)
  case breakLoop
  case continueLoop
  case assign(TemplateTarget, TemplateExpression)
  case assignBlock(TemplateTarget, [TemplateFilterCall], [TemplateStatement])
  case macro(TemplateMacro)
  case call(TemplateExpression, caller: TemplateMacro)
  case filter([TemplateFilterCall], [TemplateStatement])
  case with([(target: TemplateTarget, value: TemplateExpression)], [TemplateStatement])
  /// A `generation` or a `block` that is `scoped`: its assignments end with it.
  case scope([TemplateStatement])
  case block([TemplateStatement])
  case autoescape(TemplateExpression, [TemplateStatement])
}

struct TemplateBranch: Sendable {
  let condition: TemplateExpression
  let body: [TemplateStatement]
}

/// What a value is assigned to.
indirect enum TemplateTarget: Sendable {
  case name(TemplateName)
  case namespace(TemplateName, TemplateText, position: Int)
  case tuple([TemplateTarget], position: Int)
}

extension TemplateTarget {
  /// Whether the name itself is among what is assigned to.
  func assigns(_ name: TemplateName) -> Bool {
    switch self {
    case .name(let other): other == name
    case .namespace: false
    case .tuple(let targets, _): targets.contains { $0.assigns(name) }
    }
  }
}

final class TemplateLoop: Sendable {
  let target: TemplateTarget
  let iterable: TemplateExpression
  let condition: TemplateExpression?
  let isRecursive: Bool
  let body: [TemplateStatement]
  let otherwise: [TemplateStatement]

  init(
    target: TemplateTarget, iterable: TemplateExpression, condition: TemplateExpression?,
    isRecursive: Bool, body: [TemplateStatement], otherwise: [TemplateStatement]
  ) {
    self.target = target
    self.iterable = iterable
    self.condition = condition
    self.isRecursive = isRecursive
    self.body = body
    self.otherwise = otherwise
  }
}

/// A macro, or the body of a `call` block, which has no name.
final class TemplateMacro: Sendable {
  struct Parameter: Sendable {
    let name: TemplateName
    let text: TemplateText
    let fallback: TemplateExpression?
  }

  let name: TemplateName?
  let parameters: [Parameter]
  let body: [TemplateStatement]
  /// Which of `caller`, `varargs` and `kwargs` the body reads: only then may they be given.
  let uses: Set<TemplateName>

  init(
    name: TemplateName?, parameters: [Parameter], body: [TemplateStatement],
    uses: Set<TemplateName>
  ) {
    self.name = name
    self.parameters = parameters
    self.body = body
    self.uses = uses
  }
}
