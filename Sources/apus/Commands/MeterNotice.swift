// apus meter notice, terms, model: what customers are told and agree to.

import ArgumentParser
import Foundation
import JSON
import Metering

struct MeterNotice: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "notice", abstract: "Publish notices and send them out.",
    subcommands: [Channels.self, Publish.self, Send.self, Retry.self, List.self])

  struct Channels: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say how notices go out: a command that takes mail, and a webhook.",
      discussion: """
        The webhook gets a POST with JSON. Its header Apus-Signature is t=SECONDS,v1=HEX, where HEX \
        is the HMAC-SHA256 of "SECONDS.BODY". Its key is the 32 bytes that the 64 digits of the \
        secret stand for which this command prints, and not the digits themselves. Refuse what is \
        older than five minutes. Apus-Delivery is the same each time a delivery is tried. A secret \
        that may have leaked is changed with --new-secret, at once; posts that the webhook refuses \
        until it knows the new one are tried again.
        """)
    @Option(help: "The command, as '/usr/sbin/sendmail -t'.") var sendmail: String?
    @Option(help: "The address that mail comes from.") var sender: String?
    @Option(help: "The address of the webhook; empty for none.") var webhook: String?
    @Flag(help: "Sign posts with another secret from now on.") var newSecret = false
    @OptionGroup var output: MeterOutput

    func run() throws {
      try Keys.withStore { store in
        var channels = try store.channels()
        if let sendmail { channels.sendmail = try Self.program(sendmail) }
        channels.sender = sender ?? channels.sender
        channels.webhook = webhook ?? channels.webhook
        try store.setChannels(channels, newSecret: newSecret)
        output.show([
          "sendmail": .string(channels.sendmail), "sender": .string(channels.sender),
          "webhook": .string(channels.webhook),
          "secret": .string(hexText(try store.channels().secret)),
        ])
      }
    }

    /// The same command, where its first word is a program of this machine, or it is empty.
    private static func program(_ command: String) throws -> String {
      guard let word = command.split(separator: " ").first.map(String.init) else { return "" }
      let folders =
        word.contains("/")
        ? [""]
        : (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map {
          $0 + "/"
        }
      guard folders.contains(where: { FileManager.default.isExecutableFile(atPath: $0 + word) })
      else {
        throw CommandError(
          .unusableInput, "'\(word)' is no program of this machine: give its whole path")
      }
      return command
    }
  }

  struct Publish: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Publish a notice to the owners and main users of all accounts, or of one.",
      discussion: "A running server sends it, and so does 'apus meter notice send'.")
    @Argument(help: "One line that says what it is about.") var title: String
    @Option(help: "The text.") var body: String
    @Option(help: "Only to this account, by name or number.") var account: String?

    func run() throws {
      let count = try Keys.withStore { store in
        try store.publishNotice(
          title: title, body: body, to: account.map { try store.account(named: $0).id })
      }
      Terminal.note(
        count == 0
          ? "Published at /v1/notices. It goes to nobody: no account has an owner or main user "
            + "('apus meter account member'), and there is no webhook ('apus meter notice channels')."
          : (count == 1 ? "1 delivery is" : "\(count) deliveries are")
            + " to be made, by a running server or 'apus meter notice send'.")
    }
  }

  struct Send: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Send what is to be sent; a running server does so by itself.",
      discussion: "What fails is tried again after 1, 5, 30 minutes, 2 and 12 hours.")
    @OptionGroup var output: MeterOutput

    func run() throws {
      let attempts = try Keys.withStore { try NoticeOutbox.sendDue($0) }
      output.show(
        attempts.map {
          [
            "delivery": .integer($0.delivery.id), "by": .string("\($0.delivery.channel)"),
            "sent": .bool($0.succeeded),
          ]
        }, ifNone: "There is nothing to send.")
    }
  }

  struct Retry: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Let deliveries that were given up be tried again.")

    func run() throws {
      let count = try Keys.withStore { try $0.retryDeliveries() }
      Terminal.note(
        "\(count) to be tried again, by a running server or 'apus meter notice send'.")
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List deliveries, newest first.")
    @OptionGroup var output: MeterOutput

    func run() throws {
      let deliveries = try Keys.withStore { try $0.deliveries(dueOnly: false) }
      output.show(
        deliveries.map {
          [
            "delivery": .integer($0.id), "notice": .integer($0.notice),
            "title": .string($0.title), "by": .string("\($0.channel)"), "to": .string($0.target),
            "state": .string("\($0.state)"), "attempts": .integer($0.attempts),
          ]
        }, ifNone: "No notice had anybody to go to yet.")
    }
  }
}

struct MeterTerms: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "terms", abstract: "Publish terms of use, and see who accepted them.",
    subcommands: [Publish.self, List.self])

  struct Publish: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Publish terms; an account's first request after they begin is its acceptance.")
    @Argument(help: "What they are called.") var title: String
    @Option(help: "The file with their text, of which the SHA-256 is kept.") var file: String
    @Option(help: "From when on: 2027-01-31, or 30d from now; by default now.") var from: Moment?
    @OptionGroup var output: MeterOutput

    func run() throws {
      guard let text = FileManager.default.contents(atPath: file) else {
        throw CommandError(.unreadableFile, "cannot read '\(file)'")
      }
      let terms = try Keys.withStore {
        try $0.publishTerms(
          title: title, text: [UInt8](text), effectiveFromMilliseconds: from?.wallMilliseconds)
      }
      output.show(terms.row)
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List all versions, and how many accounts accepted each last.")
    @OptionGroup var output: MeterOutput

    func run() throws {
      try Keys.withStore { store in
        let acceptances = try store.acceptances()
        let rows = try store.terms().map { terms -> JSONObject in
          var row = terms.row
          row["accepted_by"] = .integer(
            Int64(acceptances.values.count { $0 == terms.version }))
          return row
        }
        output.show(rows, ifNone: "No terms were published.")
      }
    }
  }
}

extension TermsRecord {
  fileprivate var row: JSONObject {
    [
      "version": .integer(version), "title": .string(title),
      "effective": .time(effectiveMilliseconds), "sha256": .string(hexText(hash)),
    ]
  }
}

struct MeterModel: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "model", abstract: "Make models known, and give notice for them.",
    subcommands: [Add.self, Retire.self, Keep.self, List.self])

  struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a model known before it is served, so that limits and keys can name it.")
    @Argument(help: "The name that it will be served under: 1 to 64 bytes.") var model: ShortName
    @OptionGroup var output: MeterOutput

    func run() throws {
      let id = try Keys.withStore { try $0.modelID(model) }
      output.show(["id": .integer(id.rawValue), "name": .string(model.text)])
    }
  }

  struct Retire: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say when a model goes: in 30 days at least. Customers are told.")
    @Argument(help: "The model's name.") var model: String
    @Option(help: "The day: 2027-01-31, or 30d from now.") var on: Moment
    @Option(help: "What to use instead: another model that is known here.")
    var successor: ShortName?
    @Option(help: "Why it goes earlier than in 30 days; goes to the audit trail.")
    var emergency: ShortName?

    func run() throws {
      // Read once, so that 30 days from now are 30 days.
      let now = MeterClock.system.wallMilliseconds()
      let end = on.wallMilliseconds(from: now)
      try Keys.withStore { store in
        try store.retire(
          store.model(named: model), onMilliseconds: end, saidMilliseconds: now,
          successor: successor, emergency: emergency)
      }
      Terminal.note("\(model) is given notice.")
    }
  }

  struct Keep: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Take the notice of a model back: it stays. Customers are told.")
    @Argument(help: "The model's name.") var model: String

    func run() throws {
      try Keys.withStore { try $0.keep($0.model(named: model)) }
      Terminal.note("\(model) stays.")
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List models that were given notice.")
    @OptionGroup var output: MeterOutput

    func run() throws {
      try Keys.withStore { store in
        let names = try store.modelNames()
        let rows = try store.retirements().values.map { retirement -> JSONObject in
          [
            "model": .string(names[retirement.model]?.text ?? "-"),
            "announced": .time(retirement.announcedMilliseconds),
            "ends": .time(retirement.endsMilliseconds),
            "successor": retirement.successor.map { .string($0.text) } ?? .null,
          ]
        }
        output.show(rows.sorted(by: "model"), ifNone: "No model was given notice.")
      }
    }
  }
}

extension MeterAccount {
  struct Member: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Add a member, change the role of one, remove one, or list them.",
      discussion: "Notices go to owners and main users.")
    @Argument(help: "The account, by name or number.") var account: String
    @Option(help: "The member's mail address; without it all are listed.") var email: String?
    @Option(help: "What the member may do; by default member.") var role: KeyRole?
    @Flag(help: "Take the member out of the account.") var remove = false
    @OptionGroup var output: MeterOutput

    func validate() throws {
      if remove, email == nil { throw ValidationError("--remove takes out the member of --email.") }
      if role != nil, email == nil {
        throw ValidationError("--role is the role of the member of --email.")
      }
    }

    func run() throws {
      try Keys.withStore { store in
        let id = try store.account(named: account).id
        if let email {
          if remove {
            try store.removeMember(email, of: id)
          } else {
            try store.setMember(email, role: role ?? .member, of: id)
          }
        }
        output.show(
          try store.members(of: id).map {
            ["email": .string($0.email), "role": .string($0.role.word)]
          }, ifNone: "The account has no members.")
      }
    }
  }
}
