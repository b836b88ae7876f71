// apus pull: fetches a model of the catalogue.

import ArgumentParser
import JSON
import Transformer

struct Pull: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Fetch a model of the catalogue.",
    discussion: """
      The sources of a model are tried in order; a download that broke off goes on where it \
      stopped. The file gets its name only when its size and SHA-256 are those of the catalogue. \
      Prints the path of the file.
      """)

  @Argument(help: "A name of the catalogue; by default the default model.")
  var name: String?

  @Flag(help: "Print a JSON object with name, path, bytes and sha256.")
  var json = false

  func run() async throws {
    let folder = try ModelFolder()
    let catalogue = try Catalogue.load(folder: folder)
    guard let name = name ?? catalogue.defaultEntry?.name else { throw ModelNameError.noDefault }
    guard let entry = catalogue[name] else {
      throw ModelNameError.unknown(name, known: catalogue.entries.map(\.name))
    }
    let path = try await onOwnThread { try ModelDownload(entry: entry, folder: folder).run() }
    if json {
      let value: JSONValue = [
        "name": .string(entry.name), "path": .string(path), "bytes": .integer(Int64(entry.bytes)),
        "sha256": .string(entry.sha256),
      ]
      Terminal.writeLine(value.serialized())
    } else {
      Terminal.writeLine(path)
    }
  }
}
