// How far a right receipt may be from what the texts of an answer are counted as: what a model
// writes and no text shows, and how it may have spelled the rest.

/// What a receipt may say beside the tokens that were counted.
package struct RecountTolerance {
  /// Of each choice: its end, and words that were spelled with more tokens.
  private static let endTokens = 4
  /// Of each choice: tags and line ends around its thought.
  private static let tagTokens = 8
  /// In a long text one more in so many, where words were spelled with more tokens.
  private static let spelledShare = 20
  /// Of each choice: where a text that is cut within a character or a word takes more tokens by
  /// itself than it did in its place.
  private static let cutTokens = 2

  /// The rule in one sentence, for those who count again.
  package static let rule = """
    The receipt may say \(endTokens + tagTokens) tokens more of each choice, for its end and the \
    tags of a thought, one in \(spelledShare) for other spellings, and those of a text of 'stop'; \
    or \(cutTokens) fewer of each choice, for text that is cut.
    """

  /// Of an answer; 0 where nothing is written.
  let choiceCount: Int
  /// Of the longest text that ends an answer and is left out of it.
  let stopTokens: Int

  /// Tags and line ends around no thought take so many tokens at most, and nothing tells of them.
  var tagTokens: Int { Self.tagTokens * choiceCount }

  /// - Parameters:
  ///   - told: what the receipt says.
  ///   - isReasoning: whether that is of the thoughts alone.
  /// - Throws: where a right receipt of texts with so many tokens cannot say it.
  func check(
    _ told: Int, ofReasoning isReasoning: Bool = false, against counted: Int
  ) throws(RecountError) {
    let most =
      choiceCount * (Self.endTokens + Self.tagTokens + stopTokens) + counted / Self.spelledShare
    let least = choiceCount * Self.cutTokens
    let (more, isBeyond) = told.subtractingReportingOverflow(counted)
    guard !isBeyond, (-least...most).contains(more) else {
      throw RecountError(
        "its \(isReasoning ? "reasoning takes" : "texts take") \(counted) "
          + "token\(counted == 1 ? "" : "s"), and the receipt says \(told): it may say at most "
          + "\(least) fewer, or \(most) more")
    }
  }
}
