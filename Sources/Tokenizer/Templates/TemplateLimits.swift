// How much a template may do: hostile ones end in an error instead of an exhausted machine.

/// How much work and memory one rendering may take. Both grow with the variables that the template
/// reads, because some templates look through the whole conversation for each message.
public struct TemplateLimits: Sendable {
  /// Expressions and statements; an iteration or the call of a macro counts as three. 128 bytes of
  /// text looked at count as one, as do 64 that are made and 2 whose characters are looked up: a
  /// step is 50 to 150 ns of a processor's time. An ordinary template takes about a hundred a message.
  /// For each value in the variables 4,000 more are allowed, and 4 for each byte of its text.
  public var steps: Int
  /// Text and lists made on the way and the output, all added up, however short they lived. For
  /// each byte of text in the variables 1,024 more are allowed.
  public var bytes: Int

  public init(steps: Int = 250_000, bytes: Int = 48 << 20) {
    self.steps = steps
    self.bytes = bytes
  }
}

/// What is left of the limits of one rendering.
final class TemplateBudget {
  /// Values inside one another, and calls inside one another: both are walked by recursion, which
  /// has to fit a thread's stack of 512 KiB.
  static let valueDepth = 100
  static let evaluationDepth = 180

  static let stepsPerScope = 3

  private let limits: TemplateLimits
  private var steps: Int
  private var bytes: Int

  init(_ limits: TemplateLimits) {
    self.limits = limits
    // Room for what the variables add.
    steps = min(limits.steps, .max / 2)
    bytes = min(limits.bytes, .max / 2)
  }

  /// Allows what a value in the variables, with so much text of its own, may cost.
  func allow(textBytes: Int) {
    steps += 4_000 + textBytes * 4
    bytes += textBytes * 1_024
  }

  /// Takes account of `count` steps.
  func step(_ count: Int = 1) throws(TemplateFault) {
    steps -= count
    if steps < 0 {
      throw TemplateFault(
        .tooManySteps,
        "the template took too many steps (the limit is \(limits.steps) and more for long conversations)"
      )
    }
  }

  /// Takes account of text that is about to be looked at.
  func scan(_ byteCount: Int) throws(TemplateFault) {
    try step(byteCount >> 7)
  }

  /// Takes account of text that is about to be looked at a character at a time, by the properties
  /// that Unicode gives it: fifty times as slow as bytes.
  func walk(_ byteCount: Int) throws(TemplateFault) {
    try step(byteCount >> 1)
  }

  /// Takes account of text that is about to be made, before the memory for it is taken.
  func make(_ byteCount: Int) throws(TemplateFault) {
    bytes -= byteCount
    if bytes < 0 {
      throw TemplateFault(
        .tooManyBytes,
        "the template made too much text (the limit is \(limits.bytes) bytes and more for long conversations)"
      )
    }
    try step(byteCount >> 6)
  }

  /// Takes account of a list or mapping that is about to be made.
  func make(elements: Int) throws(TemplateFault) {
    let most = Int.max / 2 / MemoryLayout<TemplateValue>.stride
    try make(min(elements, most) * MemoryLayout<TemplateValue>.stride + 64)
  }
}
