// What becomes of a keyword that cannot be enforced.

extension SchemaCompiler {
  /// Refuses a keyword: throws, or notes it where the schema is only looked at.
  mutating func refuse(
    _ place: KeywordPlace, _ message: String, _ code: ConstraintError.Code = .unsupported
  ) throws(ConstraintError) {
    let error = ConstraintError(
      code,
      at: document.nodes[place.node].pointer
        + (place.keyword.isEmpty ? "" : "/" + SchemaDocument.escaped(place.keyword)),
      message)
    if refusals == nil { throw error }
    if refusals?[place] == nil { refusals?[place] = error }
  }

  /// What finding out takes, in steps, that an automaton becomes too large.
  private static let tooComplexSteps = 4_000

  /// Refuses a condition without which there are more values, and none is lost; leaves it out where
  /// the options say so.
  mutating func leaveOut(
    _ place: KeywordPlace, _ message: String, _ code: ConstraintError.Code = .unsupported
  ) throws(ConstraintError) {
    guard options.leavesOutUnenforceable, refusals == nil else {
      return try refuse(place, message, code)
    }
    try step(place.node, code == .tooComplex ? Self.tooComplexSteps : 1)
  }

  /// Names the place in errors of `body`.
  ///
  /// - Parameter isLeftOut: whether without the condition there are more values, and none is lost.
  mutating func at<Result>(
    _ place: KeywordPlace, or fallback: Result, isLeftOut: Bool = false,
    _ body: (inout SchemaCompiler) throws(ConstraintError) -> Result
  ) throws(ConstraintError) -> Result {
    do {
      return try body(&self)
    } catch {
      let message = error.place.isEmpty ? error.message : "\(error.place): \(error.message)"
      if isLeftOut {
        try leaveOut(place, message, error.code)
      } else {
        try refuse(place, message, error.code)
      }
      return fallback
    }
  }
}
