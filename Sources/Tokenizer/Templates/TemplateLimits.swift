// How much a template may do: hostile ones end in an error instead of an exhausted machine.

/// How much work and memory one rendering may take.
public struct TemplateLimits: Sendable {
  /// Expressions, statements and iterations, and 64 bytes of text looked at count as one. An
  /// ordinary template takes about a hundred a message.
  public var steps: Int
  /// Text and lists made on the way and the output, all added up, however short they lived.
  public var bytes: Int

  public init(steps: Int = 2_000_000, bytes: Int = 128 << 20) {
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

  private let limits: TemplateLimits
  private var steps: Int
  private var bytes: Int

  init(_ limits: TemplateLimits) {
    self.limits = limits
    steps = limits.steps
    bytes = limits.bytes
  }

  /// Takes account of `count` steps.
  func step(_ count: Int = 1) throws(TemplateFault) {
    steps -= count
    if steps < 0 {
      throw TemplateFault(
        .tooManySteps, "the template took more than \(limits.steps) steps; it may be in a loop")
    }
  }

  /// Takes account of text that is about to be looked at.
  func scan(_ byteCount: Int) throws(TemplateFault) {
    try step(byteCount >> 6)
  }

  /// Takes account of text that is about to be made, before the memory for it is taken.
  func make(_ byteCount: Int) throws(TemplateFault) {
    bytes -= byteCount
    if bytes < 0 {
      throw TemplateFault(
        .tooManyBytes, "the template made more than \(limits.bytes) bytes of text and lists")
    }
    try step(byteCount >> 6)
  }

  /// Takes account of a list or mapping that is about to be made.
  func make(elements: Int) throws(TemplateFault) {
    let most = Int.max / 2 / MemoryLayout<TemplateValue>.stride
    try make(min(elements, most) * MemoryLayout<TemplateValue>.stride + 64)
  }
}
