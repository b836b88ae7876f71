// apus meter admin: keys of the administration, for programs that do what this command line does.

import ArgumentParser
import JSON
import Metering

struct MeterAdmin: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "admin", abstract: "Make, list and revoke keys of the administration.",
    discussion: """
      A running server takes them on its administration's listener alone: the socket admin.sock in \
      the data folder, and the address that admin-port opens. GET /admin lists the verbs; POST \
      /admin/account/create does what 'apus meter account create' does.
      """,
    subcommands: [Create.self, List.self, Revoke.self])

  struct Create: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a key of the administration and print it; it is shown this once.")
    @Option(help: "What it is for, in lists: 1 to 64 bytes.") var label = ShortName("admin")!
    @Option(help: "When it ends: 2027-01-31, or 30d from now.") var expires: Moment?
    @Flag(help: "Print a JSON object.") var json = false

    func run() throws {
      let key = try Keys.withStore {
        try $0.createAdminKey(label: label, expiresMilliseconds: expires?.wallMilliseconds)
      }
      guard !json else {
        let value: JSONValue = [
          "key": .string(key.text), "name": .string("\(key.record.name)"),
          "label": .string(label.text),
        ]
        return Terminal.writeLine(value.serialized())
      }
      Terminal.note("This is shown once; only a digest of it is kept.")
      Terminal.writeLine(key.text)
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List the keys of the administration, not their secrets.")
    @OptionGroup var output: MeterOutput

    func run() throws {
      let keys = try Keys.withStore { try $0.adminKeys() }
      output.show(
        keys.map {
          [
            "name": .string("\($0.name)"), "label": .string($0.label.text),
            "created": .time($0.createdMilliseconds), "expires": .time($0.expiresMilliseconds),
            "revoked": .time($0.revokedMilliseconds),
          ]
        }, ifNone: "There are none; 'apus meter admin create' makes one.")
    }
  }

  struct Revoke: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Take a key of the administration back, at once.")
    @Argument(help: "The key's name: 8 letters and digits.") var name: KeyName

    func run() throws {
      try Keys.withStore { try $0.revokeAdminKey(name) }
      Terminal.note("\(name) is revoked.")
    }
  }
}
