// apus keys: makes, lists and revokes the keys that requests are answered for. The rarer verbs are
// in MeterKey.swift.

import ArgumentParser
import Foundation
import JSON
import Metering

struct Keys: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make, list and revoke API keys.",
    discussion: """
      A running server sees changes within a second. Keys and usage live in $APUS_DATA, else in \
      the user's data folder.
      """,
    subcommands: [
      Create.self, List.self, Show.self, Rotate.self, Confine.self, Revoke.self, ReportLeak.self,
      Brand.self, Peppering.self,
    ])

  /// The folder of keys and usage.
  static func folder() throws -> String {
    guard let folder = DataFolder.path(environment: ProcessInfo.processInfo.environment) else {
      throw CommandError(
        .unusableEnvironment,
        "there is no place for keys and usage: neither APUS_DATA nor HOME is set; set one of them")
    }
    return folder
  }

  /// The store of the server that a command runs in; nil on the command line.
  @TaskLocal static var sharedStore: UsageStore?

  /// Throws where there is no ledger yet: opening a store makes one.
  static func checkForLedger() throws {
    guard sharedStore == nil else { return }
    let folder = try folder()
    guard FileManager.default.fileExists(atPath: folder + "/meter.db") else {
      throw CommandError(
        .unusableInput,
        "there is no ledger in '\(folder)': set APUS_DATA to the folder of the server")
    }
  }

  /// Opens the store, does `body` and closes it, also after an error. In a server its own store is
  /// used, and stays open.
  static func withStore<Value>(_ body: (UsageStore) throws -> Value) throws -> Value {
    if let sharedStore { return try body(sharedStore) }
    let store = try UsageStore(
      folder: folder(), mode: .administering, actor: ShortName(NSUserName()))
    let result = Result { try body(store) }
    try store.close()
    return try result.get()
  }
}

extension Keys {
  struct Create: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a key and print it; it is shown this once.")

    @Option(help: "What the key is for, in lists: 1 to 64 bytes.")
    var label = "key"

    @Option(
      parsing: .unconditional,
      help: ArgumentHelp(
        "Requests that it may make in a minute, and 10 seconds' worth, at least 5, at once; by "
          + "default 600.",
        valueName: "n"))
    var rpm: Int64?

    @Option(help: "The account that it belongs to, by name or number; by default 'default'.")
    var account: String?

    @Option(help: "What its holder may do; by default service.")
    var role: KeyRole?

    @Option(help: "When it ends: 2027-01-31, or 30d from now.")
    var expires: Moment?

    @Flag(help: "Print a JSON object.")
    var json = false

    func validate() throws {
      if let rpm, LimitRule.requestLimit(perMinute: rpm) == nil {
        throw ValidationError("--rpm takes a number above 0.")
      }
    }

    func run() throws {
      guard let name = ShortName(label) else {
        throw CommandError(
          .unusableInput, "a label has 1 to 64 bytes and no control characters")
      }
      let limits = rpm.map {
        LimitRule(requests: LimitRule.requestLimit(perMinute: $0))
      }
      let key = try Keys.withStore { store in
        try store.createKey(
          label: name, role: role ?? .service, limits: limits,
          account: account.map { try store.account(named: $0).id },
          expiresMilliseconds: expires?.wallMilliseconds)
      }
      Keys.show(key, json: json)
    }
  }

  /// Prints a key that has just been made.
  static func show(_ key: NewKey, json: Bool) {
    if json {
      let value: JSONValue = [
        "key": .string(key.text), "name": .string("\(key.record.name)"),
        "label": .string("\(key.record.label)"),
      ]
      Terminal.writeLine(value.serialized())
    } else {
      Terminal.note("This is shown once; only a digest of it is kept.")
      Terminal.writeLine(key.text)
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the keys, not their secrets.")

    @OptionGroup var output: MeterOutput

    func run() throws {
      let (keys, names, lastUse) = try Keys.withStore {
        (try $0.keys(), try $0.accounts(), try $0.lastUse())
      }
      let accounts = Dictionary(uniqueKeysWithValues: names.map { ($0.id, $0.name) })
      if output.json {
        let list = keys.map { key -> JSONValue in
          [
            "name": .string("\(key.name)"), "label": .string("\(key.label)"),
            "account": accounts[key.account].map { .string($0.text) } ?? .null,
            "state": .string("\(key.state)"), "role": .string(key.role.word),
            "created": .integer(key.createdMilliseconds / 1000),
            "last_used": lastUse[key.id].map { .string("\($0)") } ?? .null,
            "requests_per_minute": key.limits?.requests.map { .integer($0.perMinute) } ?? .null,
          ]
        }
        Terminal.writeLine(JSONValue.array(list).serialized(.pretty))
        return
      }
      let now = MeterClock.system.wallMilliseconds()
      output.show(
        keys.map { key in
          [
            "name": .string("\(key.name)"),
            "account": .string(accounts[key.account]?.text ?? "-"),
            "role": .string(key.role.word), "state": .string(key.stateWord(at: now)),
            "created": .time(key.createdMilliseconds),
            "last_used": lastUse[key.id].map { .string("\($0)") } ?? .null,
            "limits": .string(key.limits?.summary ?? "defaults"), "label": .string("\(key.label)"),
          ]
        }, ifNone: "There are no keys; 'apus keys create' makes one.")
    }
  }

  struct Revoke: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Take a key back; requests with it are refused from then on.",
      discussion: """
        Keys that took its place go on, and are named: who held it may have made them.
        """)

    @Argument(help: "The key's name, as 'apus keys list' prints it.")
    var name: String

    @Flag(help: "Take back the keys that took its place too.")
    var withSuccessors = false

    func run() throws {
      guard let key = KeyName(name) else {
        throw CommandError(
          .unusableInput, "a key's name has 8 letters and digits; 'apus keys list' prints them")
      }
      let done = try Keys.withStore { try $0.revokeKey(key, withSuccessors: withSuccessors) }
      for name in [key] + done.revoked { Terminal.note("\(name) is revoked.") }
      if !done.living.isEmpty {
        let names = done.living.map(\.description).joined(separator: ", ")
        Terminal.note(
          "note: what took its place still works: \(names); --with-successors revokes it too")
      }
    }
  }
}
