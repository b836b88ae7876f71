// What a rendering keeps beside values: scopes, and the objects that can change.

/// The variables of a loop's iteration, a macro or a block.
final class TemplateScope {
  /// Where a name is looked for next; nil for the variables outside all scopes.
  let parent: TemplateScope?
  private var entries: [(name: TemplateName, value: TemplateValue)] = []
  /// Where each name stands, once there are more than are looked through.
  private var places: [TemplateName: Int] = [:]

  private static let searchedCount = 32

  init(parent: TemplateScope?) { self.parent = parent }

  func removeAll() {
    entries.removeAll(keepingCapacity: true)
    places.removeAll()
  }

  subscript(name: TemplateName) -> TemplateValue? {
    get { place(of: name).map { entries[$0].value } }
    set {
      guard let newValue else { return }
      if let place = place(of: name) {
        entries[place].value = newValue
        return
      }
      entries.append((name, newValue))
      if !places.isEmpty {
        places[name] = entries.count - 1
      } else if entries.count > Self.searchedCount {
        for (place, entry) in entries.enumerated() { places[entry.name] = place }
      }
    }
  }

  private func place(of name: TemplateName) -> Int? {
    if !places.isEmpty { return places[name] }
    for place in entries.indices where entries[place].name == name { return place }
    return nil
  }
}

/// What a `TemplateObjectID` stands for.
enum TemplateObject {
  case namespace(TemplateNamespace)
  case loop(TemplateLoopState)
  case macro(TemplateClosure)
  case generator(TemplateGenerator)
  case cycler(TemplateCycler)
  case joiner(TemplateJoiner)

  var kind: TemplateType {
    switch self {
    case .namespace: .namespace
    case .loop: .loop
    case .macro: .macro
    case .generator: .generator
    case .cycler: .cycler
    case .joiner: .joiner
    }
  }
}

final class TemplateNamespace {
  var members: TemplateDictBuilder

  init(_ members: TemplateDictBuilder) { self.members = members }
}

/// The `loop` of a loop that is running.
final class TemplateLoopState {
  let loop: TemplateLoop
  let elements: [TemplateValue]
  /// How many recursive calls the loop stands in.
  let recursion: Int
  /// The scope around the loop.
  let scope: TemplateScope?
  var index = 0
  /// What `changed` was last called with.
  var lastChanged: [TemplateValue]?

  init(_ loop: TemplateLoop, elements: [TemplateValue], recursion: Int, scope: TemplateScope?) {
    self.loop = loop
    self.elements = elements
    self.recursion = recursion
    self.scope = scope
  }
}

/// A macro with the scope in which it was defined.
final class TemplateClosure {
  let macro: TemplateMacro
  let scope: TemplateScope?
  /// Whether the body stands inside `autoescape`.
  let escapes: Bool

  init(_ macro: TemplateMacro, scope: TemplateScope?, escapes: Bool) {
    self.macro = macro
    self.scope = scope
    self.escapes = escapes
  }
}

final class TemplateGenerator {
  /// What has not been taken yet.
  var rest: ArraySlice<TemplateValue>

  init(_ elements: ArraySlice<TemplateValue>) { rest = elements }
}

final class TemplateCycler {
  let items: [TemplateValue]
  var index = 0

  init(_ items: [TemplateValue]) { self.items = items }
}

/// Gives nothing when called first, and its separator from then on.
final class TemplateJoiner {
  let separator: TemplateValue
  var isUsed = false

  init(_ separator: TemplateValue) { self.separator = separator }
}
