// What an answer must be.

import ArgumentParser
import Constraints
import Foundation

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
    if let grammarFile {
      let grammar = try InputFile.text(grammarFile)
      return try named("--grammar-file") { () throws(ConstraintError) in try .grammar(grammar) }
    }
    if let jsonSchema {
      if jsonSchema.hasPrefix("@") {
        let schema = try InputFile.text(String(jsonSchema.dropFirst()))
        return try named("--json-schema") { () throws(ConstraintError) in try .schema(schema) }
      }
      // Whoever forgot the @ gave the name of a file.
      let isFile =
        jsonSchema.hasSuffix(".json") || FileManager.default.fileExists(atPath: jsonSchema)
      return try named("--json-schema", isFile ? "; a file is given as '@\(jsonSchema)'" : "") {
        () throws(ConstraintError) in try .schema(jsonSchema)
      }
    }
    if let regex {
      return try named("--regex") { () throws(ConstraintError) in try .expression(regex) }
    }
    guard !choice.isEmpty else { return nil }
    return try named("--choice") { () throws(ConstraintError) in try .choice(choice) }
  }

  /// The constraint, or an error that names the option, and ends with a hint.
  private func named(
    _ option: String, _ hint: String = "", _ make: () throws(ConstraintError) -> Constraint
  ) throws(CommandError) -> Constraint {
    do { return try make() } catch {
      throw CommandError(.unusableInput, "\(option) cannot be followed: \(error)\(hint)")
    }
  }
}
