// What constraints are compiled from, as a value.

/// A constraint before it is compiled.
public struct ConstraintSource: Sendable {
  public var part: ConstraintPart
  public var options: SchemaOptions
  /// The text with which what `part` says begins that stands there already, such as the mark of a
  /// call.
  public var beginning: String
  /// Texts after the first of which the constraint begins; empty: it holds from the beginning.
  public var triggers: [String]

  public init(
    _ part: ConstraintPart, options: SchemaOptions = .init(), beginning: String = "",
    triggers: [String] = []
  ) {
    self.part = part
    self.options = options
    self.beginning = beginning
    self.triggers = triggers
  }

  /// Compiles it.
  public func compiled(
    limits: ConstraintLimits = .init()
  ) throws(ConstraintError) -> Constraint {
    var constraint = try Constraint.parts(part, options: options, limits: limits)
    if !beginning.isEmpty { constraint = try constraint.remaining(after: beginning) }
    return triggers.isEmpty ? constraint : constraint.after(triggers)
  }

  /// Equal for equal sources, byte by byte.
  var key: [UInt8] {
    var key = ConstraintKey()
    key.add(part)
    key.add("\(options)")
    key.add(beginning)
    for trigger in triggers { key.add(trigger) }
    return key.bytes
  }
}

/// A source as bytes: each part with its kind and its length.
private struct ConstraintKey {
  private(set) var bytes: [UInt8] = []

  mutating func add(_ text: String) { add(Array(text.utf8)) }

  private mutating func add(_ text: [UInt8]) {
    add(text.count)
    bytes += text
  }

  private mutating func add(_ number: Int) {
    for shift in stride(from: 0, to: 64, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: number >> shift))
    }
  }

  mutating func add(_ part: ConstraintPart) {
    switch part {
    case .text(let text): add(0, text)
    case .space(let most): add(1, String(most))
    case .until(let text): add(2, text)
    case .without(let text): add(8, text)
    case .unlike(let texts):
      bytes.append(9)
      add(texts.count)
      for text in texts { add(text) }
    case .schema(let schema):
      bytes.append(3)
      add(schema.utf8())
    case .loosened(let schema):
      bytes.append(10)
      add(schema.utf8())
    case .expression(let pattern): add(11, pattern)
    case .grammar(let text): add(4, text)
    case .sequence(let parts): add(5, parts)
    case .either(let parts): add(6, parts)
    case .list(let part, let separator): add(7, [part, separator])
    }
  }

  private mutating func add(_ kind: UInt8, _ text: String) {
    bytes.append(kind)
    add(text)
  }

  private mutating func add(_ kind: UInt8, _ parts: [ConstraintPart]) {
    bytes.append(kind)
    add(parts.count)
    for part in parts { add(part) }
  }
}
