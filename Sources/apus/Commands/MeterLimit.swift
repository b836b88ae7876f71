// apus meter limit, apus meter budget: how much, and for how much money.

import ArgumentParser
import JSON
import Metering

struct MeterLimit: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "limit", abstract: "Set, show and try limits of keys, accounts and models.",
    subcommands: [Set.self, Show.self, Simulate.self])

  /// A limit, as its option is called.
  enum Name: String, ExpressibleByArgument, CaseIterable { case rpm, itpm, otpm, tpm, parallel }

  /// The numbers of a rule.
  struct Numbers: ParsableArguments {
    @Option(parsing: .unconditional, help: ArgumentHelp("Requests a minute.", valueName: "n"))
    var rpm: Int64?
    @Option(parsing: .unconditional, help: ArgumentHelp("Input tokens a minute.", valueName: "n"))
    var itpm: Int64?
    @Option(parsing: .unconditional, help: ArgumentHelp("Output tokens a minute.", valueName: "n"))
    var otpm: Int64?
    @Option(parsing: .unconditional, help: ArgumentHelp("All tokens a minute.", valueName: "n"))
    var tpm: Int64?
    @Option(
      parsing: .unconditional, help: ArgumentHelp("Requests at the same time.", valueName: "n"))
    var parallel: Int64?

    @Option(
      parsing: .unconditional,
      help: ArgumentHelp(
        "How much may come at once: so many seconds' worth, by default 10 of requests, and at "
          + "least 5 requests, and 60 of tokens.",
        valueName: "seconds"))
    var burst: Int64?

    func validate() throws {
      // Time is counted in nanoseconds, and one unit of a limit takes many of them.
      let numbers = [rpm, itpm, otpm, tpm, parallel].compactMap(\.self)
      guard numbers.allSatisfy({ (1...1_000_000_000).contains($0) }) else {
        throw ValidationError("Limits are numbers from 1 to 1000000000.")
      }
      guard burst.map({ (1...3600).contains($0) && rule != nil }) ?? true else {
        throw ValidationError("--burst takes 1 to 3600 seconds, and limits beside it.")
      }
    }

    private func tokens(_ perMinute: Int64?) -> RateLimit? {
      perMinute.flatMap { LimitRule.tokenLimit(perMinute: $0, burstSeconds: burst) }
    }

    /// The limits that were given.
    var given: [Name] {
      let numbers: [(Name, Int64?)] = [
        (.rpm, rpm), (.itpm, itpm), (.otpm, otpm), (.tpm, tpm), (.parallel, parallel),
      ]
      return numbers.compactMap { name, number in number.map { _ in name } }
    }

    /// The rule; nil where no number was given.
    var rule: LimitRule? {
      guard !given.isEmpty else { return nil }
      return LimitRule(
        requests: rpm.flatMap { LimitRule.requestLimit(perMinute: $0, burstSeconds: burst) },
        inputTokens: tokens(itpm), outputTokens: tokens(otpm), tokens: tokens(tpm),
        parallel: parallel)
    }

    /// A rule with these numbers in place of its own, and without the limits that are taken away.
    func applied(to before: LimitRule?, without removed: [Name]) -> LimitRule {
      var result = before ?? LimitRule()
      if let rule {
        result.requests = rule.requests ?? result.requests
        result.inputTokens = rule.inputTokens ?? result.inputTokens
        result.outputTokens = rule.outputTokens ?? result.outputTokens
        result.tokens = rule.tokens ?? result.tokens
        result.parallel = rule.parallel ?? result.parallel
      }
      for name in removed {
        switch name {
        case .rpm: result.requests = nil
        case .itpm: result.inputTokens = nil
        case .otpm: result.outputTokens = nil
        case .tpm: result.tokens = nil
        case .parallel: result.parallel = nil
        }
      }
      return result
    }
  }

  struct Set: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Set the limits of a key, an account or a model; they hold for the next request.",
      discussion: """
        What is not given stays as it was. The first limit takes the place of all of the server's \
        defaults, which --defaults gives back.
        """)
    @OptionGroup var of: ScopeArguments
    @OptionGroup var numbers: Numbers
    @Option(help: "A limit to take away: rpm, itpm, otpm, tpm or parallel; repeat for more.")
    var no: [Name] = []
    @Flag(help: "Take the limits off; the server's defaults hold again.") var defaults = false

    func validate() throws {
      guard (numbers.rule == nil && no.isEmpty) == defaults else {
        throw ValidationError("Give limits, --no with one to take away, or --defaults.")
      }
      guard no.allSatisfy({ !numbers.given.contains($0) }) else {
        throw ValidationError("A limit is either set or taken away with --no.")
      }
    }

    func run() throws {
      let rule = try Keys.withStore { store -> LimitRule? in
        let scope = try of.scope(in: store)
        let name = try ScopeNames(store)[scope]
        return try store.changeLimits(of: scope) {
          (before: LimitRule?) throws(UsageStoreError) -> LimitRule? in
          // A rule without limits would hold in place of all of the defaults.
          guard before != nil || numbers.rule != nil || defaults else {
            throw UsageStoreError(
              .wrongState, "\(name) has no limits of its own: the server's defaults hold")
          }
          if defaults { return nil }
          let rule = numbers.applied(to: before, without: no)
          guard rule != LimitRule() else {
            throw UsageStoreError(
              .wrongState,
              "\(name) would have no limits of its own left, nor the server's defaults: give "
                + "--defaults to have those hold again, or another limit")
          }
          return rule
        }
      }
      Terminal.note("Limits: \(rule?.summary ?? "defaults").")
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List the limits that were set, as limit/burst a minute.")
    @Option(help: "Only of this key, by its name.") var key: KeyName?
    @Option(help: "Only of this account, by name or number.") var account: String?
    @Option(help: "Only of this model, by its name.") var model: String?
    @OptionGroup var output: MeterOutput

    func run() throws {
      try Keys.withStore { store in
        let names = try ScopeNames(store)
        var wanted: [LimitScope] = []
        if let key { wanted.append(.key(try store.key(named: key).id)) }
        if let account { wanted.append(.account(try store.account(named: account).id)) }
        if let model { wanted.append(.model(try store.model(named: model))) }
        let set = try store.limits().filter {
          wanted.isEmpty || !$0.key.parts.isDisjoint(with: wanted)
        }
        let rows = set.map { scope, record -> JSONObject in
          [
            "of": .string(names[scope]), "limits": .string(record.rule.summary),
            "version": .integer(record.version),
          ]
        }
        output.show(rows.sorted(by: "of"), ifNone: "No limits were set; the defaults hold.")
      }
    }
  }

  struct Simulate: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Tell how many requests of a past month limits would have refused.")
    @OptionGroup var of: ScopeArguments
    @OptionGroup var numbers: Numbers
    @Option(help: "The month, as 2026-11.") var month = UTCMonth.current
    @OptionGroup var output: MeterOutput

    func validate() throws {
      if numbers.rule == nil { throw ValidationError("Give limits to try.") }
    }

    func run() throws {
      let requests = try Keys.withStore {
        try $0.pastRequests(of: of.scope(in: $0), month: month)
      }
      let result = LimitSimulation(requests, under: numbers.rule ?? LimitRule())
      output.show([
        "month": .string("\(month)"), "requests": .integer(Int64(requests.count)),
        "admitted": .integer(Int64(result.admitted)),
        "refused": .integer(Int64(result.refused.values.reduce(0, +))),
        "by": .string(
          result.refused.map { "\($0): \($1)" }.sorted().joined(separator: ", ")),
      ])
    }
  }
}

struct MeterBudget: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "budget", abstract: "Set and show the most that is spent in a month.",
    subcommands: [Set.self, Show.self])

  struct Set: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Set a monthly spend limit; answers stop at the last token that it pays for.",
      discussion: "What is not given stays as it was.")
    @OptionGroup var of: ScopeArguments
    @Option(
      parsing: .unconditional, help: "The most, in euros, as 100 or 12.50; 9223372 at most.")
    var eur: PicoEuro?
    @Option(
      parsing: .unconditional,
      help: "Euros above which the account's owners get a notice; nothing stops.")
    var soft: PicoEuro?
    @Flag(help: "Take the limits off.") var none = false

    func validate() throws {
      guard (eur == nil && soft == nil) == none, of.model == nil else {
        throw ValidationError("Give --eur, --soft or --none, for a key or an account.")
      }
      guard [eur, soft].allSatisfy({ $0.map { $0 >= .zero } ?? true }) else {
        throw ValidationError("Amounts are euros, at least 0.")
      }
    }

    func run() throws {
      let budget = try Keys.withStore { store in
        let scope = try of.scope(in: store)
        var budget = none ? Budget() : try store.budget(of: scope) ?? Budget()
        if let eur { budget.hard = eur }
        if let soft { budget.soft = soft }
        if let hard = budget.hard, let soft = budget.soft, soft > hard {
          throw CommandError(
            .unusableInput,
            "nobody would be told: the notice above \(soft) EUR is over the limit of \(hard) EUR"
              + (self.soft == nil
                ? ", and was set before: give --soft too"
                : eur == nil ? ", which was set before: give --eur too" : ""))
        }
        try store.setBudget(budget, for: scope)
        return budget
      }
      func text(_ amount: PicoEuro?) -> String { amount.map { "\($0) EUR" } ?? "none" }
      Terminal.note(
        "Monthly spend limit: \(text(budget.hard)); notice above: \(text(budget.soft)).")
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List the spend limits and what was spent this month.")
    @OptionGroup var output: MeterOutput

    func run() throws {
      try Keys.withStore { store in
        let names = try ScopeNames(store)
        let spent = try store.spent(in: .current)
        let rows = try store.budgets().map { scope, budget -> JSONObject in
          [
            "of": .string(names[scope]), "limit_eur": .money(budget.hard),
            "soft_eur": .money(budget.soft),
            "spent_eur": .money(spent[scope] ?? .zero), "month": .string("\(UTCMonth.current)"),
          ]
        }
        output.show(rows.sorted(by: "of"), ifNone: "There are no spend limits.")
      }
    }
  }
}

extension LimitScope {
  /// Itself, and what it is made of.
  fileprivate var parts: Set<LimitScope> {
    switch self {
    case .keyAtModel(let key, let model): [self, .key(key), .model(model)]
    case .accountAtModel(let account, let model): [self, .account(account), .model(model)]
    case .key, .account, .model, .address: [self]
    }
  }
}

extension [JSONObject] {
  /// In the order of one text member.
  func sorted(by member: String) -> [JSONObject] {
    sorted { ($0[member]?.stringValue ?? "") < ($1[member]?.stringValue ?? "") }
  }
}
