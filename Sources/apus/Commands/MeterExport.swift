// apus meter export: a month for other programs.

import ArgumentParser
import Metering

extension UsageExportFormat: ExpressibleByArgument {}
extension Purpose: ExpressibleByArgument {}

struct MeterExport: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Print a month for other programs.",
    discussion: """
      For billing, the default, an account has to be named: csv and jsonl have a line for each \
      request, cloudevents an envelope for each that is on an invoice (OpenMeter, Lago), stripe a \
      meter event for each kind of unit of those, and focus the costs by day, key, model and unit \
      (FOCUS 1.0). What was paid in advance says so ('paid' is 'credit', 'x_Paid' in focus); the \
      rest adds up to the invoice. The months are those of the invoices.

      For another purpose there is a line of csv or jsonl for each request that began in a month \
      (UTC), with the columns that are kept for that purpose and no other.
      """)
  @Argument(help: "The account, by name or number; all for purposes beside billing.")
  var account: String?
  @Option(help: "The month, as 2026-11.") var month = UTCMonth.current
  @Option(help: "What the lines are for: operation, billing, monitoring or abuse.")
  var purpose = Purpose.billing
  @Option(help: "csv, jsonl, cloudevents, stripe or focus.") var format = UsageExportFormat.csv
  @Option(help: "Where CloudEvents say that they come from.") var source = ExportOptions().source
  @Option(help: "The customer's id at Stripe; by default the account's name.")
  var customer: String?
  @Flag(
    help: """
      In csv and focus, put an apostrophe before names that a spreadsheet would take for a formula.
      """)
  var spreadsheet = false
  @Flag(
    help: """
      In cloudevents, have also what is on no invoice: what is not charged, and what was paid in \
      advance.
      """)
  var all = false

  func validate() throws {
    guard !spreadsheet || [.csv, .focus].contains(format) else {
      throw ValidationError("--spreadsheet is for csv and focus.")
    }
    guard !all || format == .cloudevents else {
      throw ValidationError("--all is for cloudevents.")
    }
    guard purpose != .billing else {
      guard account != nil else {
        throw ValidationError("An export for billing takes the name or number of an account.")
      }
      return
    }
    guard [.csv, .jsonl].contains(format) else {
      throw ValidationError("For \(purpose.rawValue) there is csv and jsonl.")
    }
  }

  func run() throws {
    var options = ExportOptions()
    options.source = source
    options.customer = customer
    options.isForSpreadsheets = spreadsheet
    options.includesAll = all
    try Keys.withStore { store in
      let account = try account.map { try store.account(named: $0).id }
      if purpose == .billing, let account {
        try store.exportUsage(of: account, month: month, as: format, options: options) {
          Terminal.writeLine($0)
        }
        // Costs come from the sums, which are kept.
        let missing = try format == .focus ? 0 : store.requestsLetGo(of: account, month: month)
        if missing > 0 {
          Terminal.note(
            "The month is not whole: \(missing) of its requests began in another one, whose "
              + "requests were let go. The format focus has them.")
        }
      } else {
        let export = try store.exportUsage(month: month, account: account, for: purpose)
        for line in format == .csv ? export.table : export.objects { Terminal.writeLine(line) }
      }
    }
  }
}
