// A verb of the administration, done: a JSON object becomes the arguments of the command, and what the
// command prints becomes JSON.

import APIServer
import ArgumentParser
import Foundation
import JSON
import Metering

extension AdminVerb {
  /// What a server offers on the administration's listener.
  static let administration = Administration(
    verbs: ["object": "list", "data": .array(all.map(\.description))]
  ) { path, arguments, store in
    guard let verb = all.first(where: { $0.path == path }) else {
      throw Administration.Refusal.unknownVerb
    }
    return try verb.run(arguments, store)
  }

  /// Runs the command with these arguments.
  ///
  /// - Throws: `Administration.Refusal`, and what the ledger throws.
  func run(_ members: JSONObject, _ store: UsageStore) throws -> Administration.Outcome {
    let line = try commandLine(members)
    let capture = TerminalCapture(input: members["input"]?.stringValue ?? "")
    var holds = true
    do {
      try Keys.$sharedStore.withValue(store) {
        try Terminal.$capture.withValue(capture) {
          var command = try MeterCommand.parseAsRoot(line)
          try command.run()
        }
      }
    } catch let error as ExitCode where error == .failure {
      holds = false
    } catch let error as UsageStoreError {
      throw error
    } catch let error as CommandError {
      throw Administration.Refusal.invalid(error.description)
    } catch {
      throw Administration.Refusal.invalid(MeterCommand.message(for: error))
    }
    return Administration.Outcome(
      result: Self.result(capture.output), notes: capture.notes, holds: holds)
  }

  /// The words that a person would type. Values stand behind `=` or behind `--`, so that none of
  /// them can become an option.
  private func commandLine(_ members: JSONObject) throws -> [String] {
    var options: [String] = []
    for name in members.keys where name != "input" {
      guard arguments.contains(where: { $0.name == name }) else {
        throw Administration.Refusal.invalid(
          "'\(path)' takes no '\(name.prefix(64))'. GET /admin lists what it takes.")
      }
    }
    var positionals: [String] = []
    for argument in arguments {
      guard let value = members[argument.name], !value.isNull else { continue }
      switch argument.kind {
      case .flag:
        guard let isSet = value.boolValue else {
          throw Administration.Refusal.invalid("'\(argument.name)' must be true or false.")
        }
        if isSet { options.append(argument.flag) }
      case .option: options += try argument.texts(of: value).map { "\(argument.flag)=\($0)" }
      case .positional: positionals += try argument.texts(of: value)
      }
    }
    return words + options + (hasJSON ? ["--json"] : []) + ["--"] + positionals
  }

  /// Standard output as JSON where it is, else as text.
  private static func result(_ output: String) -> JSONValue {
    if output.isEmpty { return .null }
    return (try? JSONValue.parse(Array(output.utf8))) ?? .string(output)
  }
}

extension AdminVerb.Argument {
  /// The words of a value: one, or several where the argument repeats.
  fileprivate func texts(of value: JSONValue) throws -> [String] {
    if isRepeating, let values = value.arrayValue { return try values.map(text) }
    return [try text(value)]
  }

  private func text(_ value: JSONValue) throws -> String {
    switch value {
    case .string(let text): return text
    case .integer, .largeInteger, .number: return value.serialized()
    default:
      throw Administration.Refusal.invalid(
        "'\(name)' must be a text or a number\(isRepeating ? ", or an array of them" : "").")
    }
  }
}
