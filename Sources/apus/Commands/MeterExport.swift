// apus meter export: an account's month for other programs.

import ArgumentParser
import Metering

extension UsageExportFormat: ExpressibleByArgument {}

struct MeterExport: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Print an account's month for other programs.",
    discussion: """
      csv and jsonl have a line for each request, cloudevents an envelope for each (OpenMeter, \
      Lago), stripe a meter event for each kind of unit of it, and focus the costs by day, key, \
      model and unit (FOCUS 1.0). The months are those of the invoices.
      """)
  @Argument(help: "The account, by name or number.") var account: String
  @Option(help: "The month.") var month = UTCMonth.current
  @Option(help: "csv, jsonl, cloudevents, stripe or focus.") var format = UsageExportFormat.csv
  @Option(help: "Where CloudEvents say that they come from.") var source = ExportOptions().source
  @Option(help: "The customer's id at Stripe; by default the account's name.")
  var customer: String?

  func run() throws {
    var options = ExportOptions()
    options.source = source
    options.customer = customer
    try Keys.withStore { store in
      try store.exportUsage(
        of: store.account(named: account).id, month: month, as: format, options: options
      ) { Terminal.writeLine($0) }
    }
  }
}
