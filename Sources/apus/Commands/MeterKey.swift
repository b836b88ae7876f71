// apus meter key: what `apus keys` does, and the rarer verbs.

import ArgumentParser
import JSON
import Metering

struct MeterKey: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "key", abstract: "Make, replace, confine and revoke API keys.",
    subcommands: Keys.configuration.subcommands)
}

extension Keys {
  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show all that is kept of a key.")
    @Argument(help: "The key's name: 8 letters and digits.") var name: KeyName
    @OptionGroup var output: MeterOutput

    func run() throws {
      try Keys.withStore { store in
        let key = try store.key(named: name)
        let models = try store.modelNames()
        let month = UTCMonth.current
        let spent = try store.spent(in: month)[.key(key.firstKey)] ?? .zero
        output.show([
          "name": .string("\(key.name)"), "label": .string("\(key.label)"),
          "account": .string(
            try store.accounts().first { $0.id == key.account }?.name.text ?? "-"),
          "role": .string(key.role.word),
          "state": .string(key.stateWord(at: MeterClock.system.wallMilliseconds())),
          "created": .time(key.createdMilliseconds), "expires": .time(key.expiresMilliseconds),
          "replaced_at": .time(key.graceUntilMilliseconds),
          "last_used": try store.lastUse()[key.id].map { .string("\($0)") } ?? .null,
          "limits": .string(key.limits?.summary ?? "defaults"),
          "budget_eur": .money(try store.budgets()[.key(key.firstKey)]?.hard),
          "spent_eur": .money(spent), "month": .string("\(month)"),
          "models": .array(key.models.compactMap { models[$0] }.map { .string($0.text) }),
          "addresses": .array(key.addresses.map { .string($0.description) }),
        ])
      }
    }
  }

  struct Rotate: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a key that takes another's place, and print it; it is shown this once.")
    @Argument(help: "The name of the key to be replaced: 8 letters and digits.")
    var name: KeyName
    @Option(help: "How long the old key goes on working: 90s, 15m, 24h, 7d.")
    var grace = TimeSpan(argument: "24h")!
    @Flag(help: "Print a JSON object.") var json = false

    func run() throws {
      let key = try Keys.withStore { try $0.rotateKey(name, grace: grace.duration) }
      Keys.show(key, json: json)
    }
  }

  struct Confine: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say which models a key may use and where from.",
      discussion: "What is given takes the place of what was said before.")
    @Argument(help: "The key's name: 8 letters and digits.") var name: KeyName
    @Option(help: ArgumentHelp("A model that it may use; repeat for more.", valueName: "name"))
    var model: [ShortName] = []
    @Flag(help: "Let it use all models.") var allModels = false
    @Option(
      help: ArgumentHelp(
        "An address or network (192.0.2.0/24) that it may be used from; repeat for more.",
        valueName: "network"))
    var address: [AddressRange] = []
    @Flag(help: "Let it be used from everywhere.") var allAddresses = false

    func validate() throws {
      guard allModels || !model.isEmpty || allAddresses || !address.isEmpty else {
        throw ValidationError(
          "Give models or addresses: --model, --all-models, --address, --all-addresses.")
      }
      if allModels && !model.isEmpty || allAddresses && !address.isEmpty {
        throw ValidationError("Either a list or all of them.")
      }
    }

    func run() throws {
      try Keys.withStore { store in
        if allModels || !model.isEmpty {
          let known = Set(try store.modelNames().values)
          for name in model where !known.contains(name) {
            Terminal.note("note: no model called '\(name)' was ever served or priced here")
          }
          try store.setModels(model.map { try store.modelID($0) }, for: name)
        }
        if allAddresses || !address.isEmpty { try store.setAddresses(address, for: name) }
      }
      Terminal.note("\(name) is confined as you said.")
    }
  }

  struct ReportLeak: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Revoke a key that was found where it should not be, and what took its place.",
      discussion: "The whole key is read from standard input, so that no shell remembers it.")
    @OptionGroup var output: MeterOutput

    func run() throws {
      let text = Terminal.readLine() ?? ""
      guard let done = try Keys.withStore({ try $0.reportLeak(text) }) else {
        throw CommandError(.unusableInput, "that is no key of this server; nothing was changed")
      }
      output.show([
        "name": .string("\(done.key.name)"), "label": .string("\(done.key.label)"),
        "state": "revoked",
        "successors_revoked": .array(done.revoked.map { .string("\($0)") }),
      ])
    }
  }
}

extension Keys {
  struct Brand: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say what new keys begin with, or show it; keys that were made go on as they are.",
      discussion: """
        A key is BRAND_live_NAME_SECRET, and the brand is 'apus' unless you choose another: small \
        letters, digits and hyphens. Some clients take no key that does not begin with 'sk-'; for \
        them 'sk-apus' is a brand.
        """)
    @Argument(help: "1 to 16 small letters, digits and hyphens, a letter first.") var brand: String?
    @Flag(help: "Let keys say 'test' instead of 'live': of a service that is tried out only.")
    var test = false
    @OptionGroup var output: MeterOutput

    func validate() throws {
      guard brand.map({ KeyBrand($0) != nil }) ?? !test else {
        throw ValidationError(
          "A brand has 1 to \(KeyBrand.lengthLimit) small letters, digits and hyphens, a letter "
            + "first.")
      }
    }

    func run() throws {
      let known = try Keys.withStore { store in
        if let brand, let new = KeyBrand(brand, isTest: test) { try store.setKeyBrand(new) }
        return try store.keyBrand()
      }
      output.show(["begins_with": .string("\(known)")])
    }
  }
}

extension Keys {
  struct Peppering: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "pepper",
      abstract: "Show which secrets the digests of keys are made with, or make the next one.",
      discussion: """
        New keys are made with the newest; those of before go on with theirs. Once all of an \
        older one are replaced or revoked, its file (pepper-1 in the data folder) may be removed. \
        Keys of the administration that were made with it end with the file.
        """)
    @Flag(help: "Make the next one.") var new = false
    @OptionGroup var output: MeterOutput

    func run() throws {
      let use = try Keys.withStore { store in
        if new { _ = try store.makePepper() }
        return try store.pepperUse()
      }
      output.show(
        use.map {
          [
            "pepper": .integer($0.id), "keys": .integer(Int64($0.keys)),
            "makes_new_keys": .bool($0.isNewest),
          ]
        }, ifNone: "")
    }
  }
}

extension KeyRecord {
  /// Whether it works, in a word: of a key that was not revoked also whether its time is over.
  func stateWord(at now: Int64) -> String {
    guard state == .active else { return "\(state)" }
    if let end = expiresMilliseconds, end <= now { return "expired" }
    return graceUntilMilliseconds.map { $0 <= now ? "replaced" : "replacing" } ?? "active"
  }
}
