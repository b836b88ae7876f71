// A value inside a template: Python's, as far as templates can tell.

/// What a variable or expression of a template is. Lists and mappings never change, so that
/// values form no cycles; what does change lives with the evaluator and is named by its number.
enum TemplateValue: Sendable {
  case undefined(TemplateUndefined)
  case null
  case bool(Bool)
  case int(Int)
  case float(Double)
  case string(TemplateText)
  /// Text that the template called `safe`: `+` escapes what is added to it.
  case markup(TemplateText)
  case list(TemplateList)
  case dict(TemplateDict)
  case global(TemplateGlobal)
  case method(TemplateBoundMethod)
  case object(TemplateObjectID)
}

/// The kinds of values, as error messages call them.
enum TemplateType: UInt8, Sendable {
  case undefined, none, boolean, integer, float, string, list, tuple, view, range, mapping
  case function, namespace, macro, loop, generator, cycler, joiner

  var name: String {
    switch self {
    case .undefined: "an undefined value"
    case .none: "none"
    case .boolean: "a boolean"
    case .integer: "an integer"
    case .float: "a float"
    case .string: "a string"
    case .list: "a list"
    case .tuple: "a tuple"
    case .view: "a view of a mapping"
    case .range: "a range"
    case .mapping: "a mapping"
    case .function: "a function"
    case .namespace: "a namespace"
    case .macro: "a macro"
    case .loop: "a loop"
    case .generator: "a generator"
    case .cycler: "a cycler"
    case .joiner: "a joiner"
    }
  }
}

/// Where an undefined value came from, for the message of an error that it may lead to.
struct TemplateUndefined: Sendable {
  enum Reason: UInt8, Sendable {
    /// A variable that nobody set.
    case variable
    /// An attribute that a value does not have.
    case attribute
    /// An element that a value does not have.
    case element
    /// A method that would change the value.
    case unsafe
    /// The first or last of nothing.
    case empty
  }

  let reason: Reason
  /// The kind of value that was asked.
  var owner = TemplateType.undefined
  /// The index of the `TemplateName` asked for.
  var name: Int32 = -1

  static let empty = TemplateUndefined(reason: .empty)
}

/// The number of something that changes: a namespace, loop, generator, cycler or joiner, or a
/// macro with the variables around it.
struct TemplateObjectID: Sendable, Equatable {
  let kind: TemplateType
  let index: Int32
}

/// A method together with the value that it belongs to.
final class TemplateBoundMethod: Sendable {
  let receiver: TemplateValue
  let function: TemplateFunction

  init(receiver: TemplateValue, function: @escaping TemplateFunction) {
    self.receiver = receiver
    self.function = function
  }
}

extension TemplateValue {
  var type: TemplateType {
    switch self {
    case .undefined: .undefined
    case .null: .none
    case .bool: .boolean
    case .int: .integer
    case .float: .float
    case .string, .markup: .string
    case .list(let list):
      switch list.kind {
      case .list: .list
      case .tuple, .group: .tuple
      case .range: .range
      case .keys, .values, .items: .view
      }
    case .dict: .mapping
    case .global, .method: .function
    case .object(let id): id.kind
    }
  }

  /// The text of a string, whether it is `safe` or not.
  var text: TemplateText? {
    switch self {
    case .string(let text), .markup(let text): text
    default: nil
    }
  }

  /// Whether the value is safe text, which is not escaped again.
  var isMarkup: Bool {
    if case .markup = self { true } else { false }
  }

  var isUndefined: Bool {
    if case .undefined = self { true } else { false }
  }

  /// A string that was made of this value: safe if this is.
  func keepingSafety(of result: TemplateValue) -> TemplateValue {
    if case .markup = self, case .string(let text) = result { return .markup(text) }
    return result
  }

  /// Whether Python takes the value for true.
  var isTrue: Bool {
    switch self {
    case .undefined, .null: false
    case .bool(let value): value
    case .int(let value): value != 0
    case .float(let value): value != 0
    case .string(let text), .markup(let text): !text.utf8.isEmpty
    case .list(let list): !list.elements.isEmpty
    case .dict(let dict): !dict.keys.isEmpty
    case .global, .method, .object: true
    }
  }

  /// The value where a whole number is needed; booleans are 0 and 1.
  var integer: Int? {
    switch self {
    case .int(let value): value
    case .bool(let value): value ? 1 : 0
    default: nil
    }
  }

  /// The value of any number; booleans are 0 and 1.
  var double: Double? {
    if case .float(let value) = self { return value }
    return integer.map(Double.init)
  }

  /// How deep lists and mappings stand inside one another in this value.
  var depth: Int {
    switch self {
    case .list(let list): list.depth
    case .dict(let dict): dict.depth
    default: 0
    }
  }
}
