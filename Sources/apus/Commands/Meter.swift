// apus meter: everything that an operator does with accounts, keys, limits, prices and the ledger.

import ArgumentParser
import Metering

struct MeterCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "meter",
    abstract: "Manage accounts, keys, limits, prices, usage and invoices.",
    discussion: """
      A running server sees changes within a second. Everything lives in $APUS_DATA, else in the \
      user's data folder. Each change is written to an audit trail under your login name.
      """,
    groupedSubcommands: [
      CommandGroup(
        name: "Who",
        subcommands: [
          MeterAccount.self, MeterKey.self, MeterWarn.self, MeterAdmin.self, MeterIncident.self,
        ]),
      CommandGroup(
        name: "How much", subcommands: [MeterLimit.self, MeterBudget.self, MeterPrice.self]),
      CommandGroup(
        name: "Money",
        subcommands: [
          MeterBilling.self, MeterCredit.self, MeterInvoice.self, MeterDispute.self,
        ]),
      CommandGroup(
        name: "What is said", subcommands: [MeterNotice.self, MeterTerms.self, MeterModel.self]),
      CommandGroup(
        name: "What was used",
        subcommands: [
          MeterUsage.self, MeterReceipt.self, MeterProfile.self, MeterReconcile.self,
          MeterAudit.self, MeterDoctor.self, MeterBackup.self, MeterRetention.self,
          MeterOutbox.self, MeterExport.self,
        ]),
    ])
}
