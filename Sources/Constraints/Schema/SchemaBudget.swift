// What compiling schemas may cost, whatever they say.

/// Steps that compiling the schemas of one source takes, counted before they are done.
struct SchemaBudget {
  /// Schemas applied to a value, in all branches together.
  static let mostSteps = 20_000
  /// Names, values and schemas in lists that are looked at or copied, in all branches together.
  static let mostConditions = 400_000

  private var steps = 0
  private var conditions = 0

  /// The part of it that has been taken: 1 where nothing is left.
  var taken: Double {
    max(
      Double(steps) / Double(Self.mostSteps), Double(conditions) / Double(Self.mostConditions))
  }

  /// Whether something would be refused that takes a step more.
  var isSpent: Bool { steps >= Self.mostSteps || conditions >= Self.mostConditions }

  /// - Throws: `tooComplex` where more are taken than there are, without a place.
  mutating func take(steps count: Int) throws(ConstraintError) {
    steps += count
    guard steps <= Self.mostSteps else {
      throw ConstraintError(
        .tooComplex,
        "it takes more than \(Self.mostSteps) steps to tell what its schemas ask for together")
    }
  }

  /// - Throws: `tooComplex` where more are taken than there are, without a place.
  mutating func take(conditions count: Int) throws(ConstraintError) {
    conditions += count
    guard conditions <= Self.mostConditions else {
      throw ConstraintError(
        .tooComplex,
        "more than \(Self.mostConditions) names and values would have to be looked at")
    }
  }
}
