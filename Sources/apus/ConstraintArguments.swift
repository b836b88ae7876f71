// What an answer must be.

import ArgumentParser
import Constraints

/// A constraint for an answer; at most one.
struct ConstraintArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Answer by the grammar in this file, in llama.cpp's notation (GBNF).", valueName: "file"))
  var grammarFile: String?

  @Option(
    help: ArgumentHelp(
      "Answer with JSON that satisfies this JSON Schema, or the one in a file.",
      valueName: "schema|@file"))
  var jsonSchema: String?

  @Option(help: "Answer with a text that matches this regular expression as a whole.")
  var regex: String?

  @Option(
    help: ArgumentHelp(
      "Answer with one of the texts of all --choice.", valueName: "text"))
  var choice: [String] = []

  func validate() throws {
    let given = [grammarFile != nil, jsonSchema != nil, regex != nil, !choice.isEmpty]
    if given.count(where: { $0 }) > 1 {
      throw ValidationError(
        "Of --grammar-file, --json-schema, --regex and --choice only one can be followed.")
    }
  }

  /// Nil where nothing is asked for.
  func constraint() throws -> Constraint? {
    if let grammarFile { return try .grammar(InputFile.text(grammarFile)) }
    if let jsonSchema {
      return try .schema(
        jsonSchema.hasPrefix("@")
          ? InputFile.text(String(jsonSchema.dropFirst())) : jsonSchema)
    }
    if let regex { return try .expression(regex) }
    return choice.isEmpty ? nil : try .choice(choice)
  }
}
