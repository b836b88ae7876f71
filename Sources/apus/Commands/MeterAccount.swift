// apus meter account, apus meter warn: who may use the server, and whether they may just now.

import ArgumentParser
import JSON
import Metering

struct MeterAccount: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "account", abstract: "Create, let in, stop and end accounts.",
    subcommands: [
      Create.self, List.self, Activate.self, Suspend.self, Resume.self, Terminate.self, Close.self,
      Paid.self, Member.self, Export.self, Erase.self,
    ])

  struct Create: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make an account; it is pending and gets no key until it is activated.")
    @Argument(help: "What the account is called: 1 to 64 bytes.") var name: ShortName
    @Flag(help: "Activate it at once.") var active = false
    @OptionGroup var output: MeterOutput

    func run() throws {
      try Keys.withStore { store in
        let account = try store.createAccount(name)
        if active { try store.setState(.active, of: account) }
        output.show(try store.account(named: name.text).row)
      }
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the accounts.")
    @OptionGroup var output: MeterOutput

    func run() throws {
      let accounts = try Keys.withStore { try $0.accounts() }
      output.show(
        accounts.map(\.row),
        ifNone: "There are no accounts; 'apus meter account create' makes one.")
    }
  }

  struct Activate: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Let a pending account in.")
    @Argument(help: "The account, by name or number.") var account: String
    @OptionGroup var output: MeterOutput
    func run() throws { try move(account, to: .active, output) }
  }

  struct Suspend: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Stop an account: its keys get 403 with the reason within a second.",
      discussion: """
        For 'terms' and 'nonpayment' the account has to be warned first ('apus meter warn'), or \
        --override says why not.
        """)
    @Argument(help: "The account, by name or number.") var account: String
    @Option(help: "Why.") var reason: SuspensionReason
    @Option(help: "Why it was not warned; goes to the audit trail.") var override: ShortName?
    @OptionGroup var output: MeterOutput

    func run() throws {
      try Keys.withStore { store in
        let id = try store.account(named: account).id
        try store.suspend(id, reason: reason, override: override)
        output.show(try store.account(named: account).row)
      }
    }
  }

  struct Resume: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Let an account go on that was stopped or given notice.")
    @Argument(help: "The account, by name or number.") var account: String
    @OptionGroup var output: MeterOutput

    func run() throws {
      try Keys.withStore { store in
        try store.resume(store.account(named: account).id)
        output.show(try store.account(named: account).row)
      }
    }
  }

  struct Terminate: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Note that an account was given notice; its keys work until its end.")
    @Argument(help: "The account, by name or number.") var account: String
    @Option(help: "The end: 2027-01-31, or 30d from now, which is the default.") var on: Moment?
    @OptionGroup var output: MeterOutput

    func run() throws {
      try Keys.withStore { store in
        let end = try store.terminate(
          store.account(named: account).id, endsMilliseconds: on?.wallMilliseconds)
        var row = try store.account(named: account).row
        row["ends"] = .time(end.endsMilliseconds)
        output.show(row)
      }
    }
  }

  struct Close: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "End an account for good; its keys work no more.")
    @Argument(help: "The account, by name or number.") var account: String
    @OptionGroup var output: MeterOutput
    func run() throws { try move(account, to: .closed, output) }
  }

  struct Paid: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Tell what an account has paid since a day: invoices, and credit less refunds.",
      discussion: "'overpaid_eur' is what it has paid of all its invoices beyond what they come to."
    )
    @Argument(help: "The account, by name or number.") var account: String
    @Option(help: "The day: 2027-01-31, or 3mo or 90d before today; by default all.")
    var since: PastMoment?
    @OptionGroup var output: MeterOutput

    func run() throws {
      let (paid, overpaid) = try Keys.withStore { store in
        let id = try store.account(named: account).id
        return (
          try store.paidCents(id, since: since?.wallMilliseconds ?? 0),
          try store.invoices(account: id).reduce(0) { $0 + $1.overpaidCents }
        )
      }
      output.show([
        "account": .string(account), "paid_eur": .string(centsText(paid)),
        "overpaid_eur": .string(centsText(overpaid)),
      ])
    }
  }

  fileprivate static func move(
    _ account: String, to state: AccountState, _ output: MeterOutput
  ) throws {
    try Keys.withStore { store in
      try store.setState(state, of: store.account(named: account).id)
      output.show(try store.account(named: account).row)
    }
  }
}

extension ParsableCommand {
  fileprivate func move(
    _ account: String, to state: AccountState, _ output: MeterOutput
  ) throws { try MeterAccount.move(account, to: state, output) }
}

struct MeterWarn: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "warn", abstract: "Tell an account what it may be stopped for.")
  @Argument(help: "The account, by name or number.") var account: String
  @Option(help: "What for.") var reason: SuspensionReason

  func run() throws {
    try Keys.withStore { try $0.warn($0.account(named: account).id, reason: reason) }
    Terminal.note("\(account) is warned.")
  }
}

extension AccountRecord {
  /// What the commands show of an account.
  var row: JSONObject {
    [
      "id": .integer(id.rawValue), "name": .string(name.text), "state": .string("\(state)"),
      "reason": reason.map { .string("\($0)") } ?? .null, "created": .time(createdMilliseconds),
    ]
  }
}
