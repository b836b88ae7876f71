// apus meter usage, reconcile, audit, backup: what the ledger says, and whether it is whole.

import ArgumentParser
import JSON
import Metering

struct MeterUsage: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "usage",
    abstract: "Show what was used in a month, by model and price list, or request by request.")
  @Option(help: "The month, as 2026-11.") var month = UTCMonth.current
  @Option(help: "Only this account, by name or number.") var account: String?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Show the newest requests, at most this many.", valueName: "n"))
  var requests: Int?
  @OptionGroup var output: MeterOutput

  func validate() throws {
    if let requests, requests < 1 {
      throw ValidationError("--requests takes a number above 0.")
    }
  }

  func run() throws {
    try Keys.withStore { store in
      let rows = try requests.map { try list(store, $0) } ?? sums(store)
      output.show(rows, ifNone: "Nothing was used in \(month).")
    }
  }

  private func sums(_ store: UsageStore) throws -> [JSONObject] {
    let models = try store.modelNames()
    // Without --account also what was asked without a key.
    let accounts: [(id: AccountID, name: String)] =
      if let account { [try store.account(named: account)].map { ($0.id, $0.name.text) } } else {
        try store.accounts().map { ($0.id, $0.name.text) } + [(.local, "-")]
      }
    return try accounts.flatMap { id, name in
      try store.billableUsage(account: id, month: month).map { part -> JSONObject in
        [
          "account": .string(name),
          "model": .string(models[part.model]?.text ?? "-"),
          "price_list": .integer(part.price.rawValue), "requests": .integer(part.sums.requests),
          "input_tokens": .integer(part.sums.usage.promptTokens),
          "cached_tokens": .integer(part.sums.usage.cachedPromptTokens),
          "output_tokens": .integer(part.sums.usage.completionTokens),
          "reasoning_tokens": .integer(part.sums.usage.reasoningTokens),
          "audio_ms": .integer(part.sums.usage.audioMilliseconds),
          "cost_eur": .string(part.sums.cost.description),
        ]
      }
    }
  }

  private func list(_ store: UsageStore, _ count: Int) throws -> [JSONObject] {
    let models = try store.modelNames()
    let names = try ScopeNames(store)
    let only = try account.map { try store.account(named: $0).id }
    return try store.usageRows(month: month, account: only, limit: count).map { row in
      [
        "request": .string(row.requestID.description), "time": .time(row.settledMilliseconds),
        "key": .string(row.key == .local ? "-" : names[.key(row.key)]),
        "model": .string(models[row.model]?.text ?? "-"),
        "status": row.status.map { .string("\($0)") } ?? .null,
        "input_tokens": .integer(row.usage.promptTokens),
        "output_tokens": .integer(row.usage.completionTokens),
        "cost_eur": .money(row.cost), "billable": .bool(row.isBillable),
      ]
    }
  }
}

struct MeterReconcile: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reconcile",
    abstract: "Add every month up twice, by request and by rollup; fails where they differ.",
    discussion: """
      Bills that are still to be issued are drawn up too, and those that were are held against \
      their months: it fails where one cannot be, or bills what no request has any more. What came \
      behind an invoice goes on the next one.
      """)
  @OptionGroup var output: MeterOutput

  func run() throws {
    var isWhole = true
    try Keys.withStore { store in
      let rows = try store.months().map { month -> JSONObject in
        let (events, rollups) = try store.sums(month: month)
        if events != rollups { isWhole = false }
        return [
          "month": .string("\(month)"), "requests": .integer(events.requests),
          "input_tokens": .integer(events.usage.promptTokens),
          "output_tokens": .integer(events.usage.completionTokens),
          "cost_eur": .string(events.cost.description), "equal": .bool(events == rollups),
        ]
      }
      output.show(rows, ifNone: "There is no month with usage.")
      for fault in try store.draftFaults() {
        if !fault.isBillable { isWhole = false }
        Terminal.note("Bill of \(fault)")
      }
    }
    if !isWhole { throw ExitCode.failure }
  }
}

struct MeterAudit: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit", abstract: "Show who changed what, and check that nobody changed that.",
    subcommands: [List.self, Verify.self])

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the newest changes.")
    @Option(parsing: .unconditional, help: ArgumentHelp("How many at most.", valueName: "n"))
    var limit = 50
    @OptionGroup var output: MeterOutput

    func validate() throws {
      guard limit >= 1 else { throw ValidationError("--limit takes a number above 0.") }
    }

    func run() throws {
      let entries = try Keys.withStore { try $0.auditTrail(limit: limit) }
      output.show(
        entries.map {
          [
            "number": .integer($0.number), "time": .time($0.atMilliseconds),
            "who": .string($0.actor), "did": .string($0.verb), "to": .string($0.object),
            "detail": .string($0.detail), "before": .string($0.before), "after": .string($0.after),
          ]
        }, ifNone: "Nothing was changed yet.")
    }
  }

  struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Recompute the chain of the whole trail; fails where it is broken.",
      discussion: "Keep the head elsewhere: it shows whether the trail's end was cut off.")
    @OptionGroup var output: MeterOutput

    func run() throws {
      let verdict = try Keys.withStore { try $0.verifyAudit() }
      output.show([
        "entries": .integer(Int64(verdict.count)), "whole": .bool(verdict.firstBroken == nil),
        "first_broken": verdict.firstBroken.map { .integer($0) } ?? .null,
        "head": .string(
          verdict.head.map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
          }.joined()),
      ])
      if verdict.firstBroken != nil { throw ExitCode.failure }
    }
  }
}

struct MeterBackup: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup",
    abstract: "Copy the ledger and the pepper to a new folder, also while a server runs.",
    discussion: "The copy holds the pepper: keep it as safe as the original.")
  @Argument(help: "The folder, which must not exist.") var folder: String

  func run() throws {
    let names = try Keys.withStore { try $0.backUp(to: folder) }
    Terminal.note("Copied \(names.joined(separator: ", ")).")
  }
}
