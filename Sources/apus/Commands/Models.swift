// apus models: what the catalogue holds and what of it is here.

import ArgumentParser
import JSON

struct Models: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the models of the catalogue, and which are on this machine.",
    discussion: """
      A file models.json in the model folder, of the form that Models/README.md describes, adds \
      models of your own.
      """)

  @Flag(help: "Print a JSON array.")
  var json = false

  func run() throws {
    let folder = try ModelFolder()
    let entries = try Catalogue.load(folder: folder).entries
    if json {
      let list = entries.map { entry -> JSONValue in
        let isHere = folder.holds(entry)
        return [
          "name": .string(entry.name), "summary": .string(entry.summary),
          "default": .bool(entry.isDefault), "pulled": .bool(isHere),
          "path": isHere ? .string(folder.file(of: entry)) : .null,
          "bytes": .integer(Int64(entry.bytes)), "sha256": .string(entry.sha256),
          "licence": .string(entry.licence), "terms": entry.terms.map { .string($0) } ?? .null,
        ]
      }
      Terminal.writeLine(JSONValue.array(list).serialized(.pretty))
      return
    }
    let width = entries.map(\.name.count).max() ?? 0
    for entry in entries {
      Terminal.writeLine(
        "\(entry.name.padded(to: width))  \(byteText(entry.bytes).aligned(to: 9))  "
          + "\(folder.holds(entry) ? "here    " : "not here")  \(entry.licence.padded(to: 10))  "
          + entry.summary + (entry.isDefault ? " (default)" : ""))
    }
    Terminal.note("They live in \(folder.path); 'apus pull NAME' fetches one.")
  }
}
