// Automata that most schemas need, made once.

import Synchronization

/// Automata that do not depend on a schema.
enum CommonAutomata {
  private typealias Made = Result<Automaton, ConstraintError>

  /// A character inside of a JSON string.
  static func character() throws(ConstraintError) -> Automaton { try madeCharacter.get() }
  private static let madeCharacter = made { store throws(ConstraintError) in
    try Spelling.json.term(of: .all, in: &store)
  }

  /// JSON strings with their quotes.
  static func strings() throws(ConstraintError) -> Automaton { try madeStrings.get() }
  private static let madeStrings = made { store throws(ConstraintError) in
    let character = try Spelling.json.term(of: .all, in: &store)
    let quote = try store.text("\"")
    return try store.sequence([quote, store.times(character, 0, unbounded), quote])
  }

  /// Whole numbers in their one spelling.
  static func integers() throws(ConstraintError) -> Automaton { try madeIntegers.get() }
  private static let madeIntegers = made(NumberTexts.integerPattern)

  /// Numbers in their one spelling.
  static func numbers() throws(ConstraintError) -> Automaton { try madeNumbers.get() }
  private static let madeNumbers = made(NumberTexts.pattern(mostPlaces: nil))

  /// The strings of a format, without quotes; nil where it is not known.
  static func format(_ name: String) throws(ConstraintError) -> Automaton? {
    if let known = formats.withLock({ $0[name] }) { return known }
    guard let automaton = try StringFormat.named(name)?.automaton(.init()) else { return nil }
    formats.withLock { $0[name] = automaton }
    return automaton
  }
  private static let formats = Mutex<[String: Automaton]>([:])

  private static func made(
    _ body: (inout TermStore) throws(ConstraintError) -> Term
  ) -> Made {
    do {
      return .success(try Automaton(.init(), body))
    } catch {
      return .failure(error)
    }
  }

  private static func made(_ pattern: String) -> Made {
    made { store throws(ConstraintError) in
      try ExpressionParser.parse(pattern).term(.plain, isSearch: false, in: &store)
    }
  }
}
