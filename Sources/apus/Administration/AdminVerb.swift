// The verbs of the administration: the commands under `apus meter`, read off their own declarations.
// Whatever is a command is a route too, with the same arguments and the same function.

import ArgumentParser
import JSON

/// One command under `apus meter`, as a program sees it.
struct AdminVerb: Sendable {
  /// One argument of it.
  struct Argument: Sendable {
    enum Kind: String, Sendable { case positional, option, flag }

    /// The member of the JSON object that bears it.
    let name: String
    let kind: Kind
    /// As the command line has it, such as `--dry-run`; empty for a positional one.
    let flag: String
    let isOptional: Bool
    let isRepeating: Bool
    let abstract: String
  }

  /// Its words behind `apus meter`.
  let words: [String]
  let abstract: String
  let arguments: [Argument]
  /// Whether it prints JSON where it is asked to.
  let hasJSON: Bool

  /// Its words with `/` between them.
  var path: String { words.joined(separator: "/") }

  /// All of them, in the order of the help.
  static let all: [AdminVerb] = leaves(of: MeterCommand.self, words: [])

  private static func leaves(of command: any ParsableCommand.Type, words: [String]) -> [AdminVerb] {
    let children = command.configuration.subcommands
    guard children.isEmpty else {
      return children.flatMap { leaves(of: $0, words: words + [$0._commandName]) }
    }
    return [AdminVerb(command, words: words)]
  }

  private init(_ command: any ParsableCommand.Type, words: [String]) {
    self.words = words
    abstract = command.configuration.abstract
    // ArgumentParser's own description of the command; what completion scripts are made from.
    let dump = try? JSONValue.parse(Array(command._dumpHelp().utf8))
    let described = dump?["command"]?["arguments"]?.arrayValue ?? []
    let all = described.compactMap(Argument.init)
    hasJSON = all.contains { $0.flag == "--json" }
    arguments = all.filter { !["--json", "--help", "--version"].contains($0.flag) }
  }

  /// What `GET /admin` says of it.
  var description: JSONValue {
    [
      "verb": .string(path), "abstract": .string(abstract),
      "arguments": .array(
        arguments.map {
          [
            "name": .string($0.name), "kind": .string($0.kind.rawValue),
            "required": .bool(!$0.isOptional), "repeats": .bool($0.isRepeating),
            "abstract": .string($0.abstract),
          ]
        }),
    ]
  }
}

extension AdminVerb.Argument {
  /// The argument of ArgumentParser's description; nil for one that has no name.
  fileprivate init?(_ described: JSONValue) {
    guard let kind = described["kind"]?.stringValue.flatMap(Kind.init(rawValue:)) else {
      return nil
    }
    self.kind = kind
    let long = described["names"]?.arrayValue?.first { $0["kind"] == "long" }?["name"]?.stringValue
    guard let word = long ?? described["valueName"]?.stringValue else { return nil }
    name = String(word.map { $0 == "-" ? "_" : $0 })
    flag = kind == .positional ? "" : "--" + word
    isOptional = described["isOptional"]?.boolValue ?? true
    isRepeating = described["isRepeating"]?.boolValue ?? false
    abstract = described["abstract"]?.stringValue ?? ""
  }
}
