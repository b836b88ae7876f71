// What a spreadsheet computes where it should show it: text that begins like a formula.

extension String {
  /// Whether a spreadsheet that opens a table takes this for a formula, or may do so.
  var isLikeFormula: Bool {
    // By scalars: a sign and an accent behind it are one character.
    unicodeScalars.first.map { "=+-@\t\r".unicodeScalars.contains($0) } ?? false
  }

  /// The same with an apostrophe before it where it is needed, which spreadsheets take for the
  /// beginning of a text.
  var spreadsheetText: String { isLikeFormula ? "'" + self : self }
}

extension ShortName {
  /// Refuses a name that ends up in tables and is chosen by who does not read them.
  ///
  /// - Throws: ``UsageStoreError`` with the code `invalidName`.
  func checkForTables() throws(UsageStoreError) {
    guard text.isLikeFormula else { return }
    throw UsageStoreError(
      .invalidName,
      "this name cannot begin with '=', '+', '-' or '@': spreadsheets take that for a formula")
  }
}
