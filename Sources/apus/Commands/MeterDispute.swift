// apus meter dispute: what is argued about.

import ArgumentParser
import JSON
import Metering

struct MeterDispute: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dispute", abstract: "Open, decide and list disputes over lines of invoices.",
    subcommands: [Open.self, Evidence.self, Resolve.self, List.self])

  struct Open: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Note that a customer disputes a line, within 30 days of the invoice.")
    @Argument(help: "The invoice's number.") var number: String
    @Option(parsing: .unconditional, help: "The line.") var line: Int
    @OptionGroup var output: MeterOutput

    func run() throws {
      output.show(try Keys.withStore { try $0.openDispute(number, line: line).row })
    }
  }

  struct Evidence: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print the receipts of the requests that a disputed line adds up, one a line.",
      discussion: "'apus verify receipt' checks them all, and the customer counts again with each.")
    @Argument(help: "The dispute's number.") var dispute: Int64

    func run() throws {
      for receipt in try Keys.withStore({ try $0.evidence(of: dispute) }) {
        Terminal.writeLine(String(decoding: try receipt.encoded(), as: UTF8.self))
      }
    }
  }

  struct Resolve: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Decide a dispute; the customer is told how.")
    @Argument(help: "The dispute's number.") var dispute: Int64
    @Flag(help: "The customer was right; 'apus meter invoice credit --line' takes the line back.")
    var upheld = false
    @Flag(help: "The line stands, and is owed.") var rejected = false

    func validate() throws {
      guard upheld != rejected else {
        throw ValidationError("Say how: --upheld or --rejected.")
      }
    }

    func run() throws {
      try Keys.withStore { try $0.resolveDispute(dispute, as: upheld ? .upheld : .rejected) }
      Terminal.note("Dispute \(dispute) is \(upheld ? "upheld" : "rejected").")
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the disputes.")
    @OptionGroup var output: MeterOutput

    func run() throws {
      let disputes = try Keys.withStore { try $0.disputes() }
      output.show(disputes.map(\.row), ifNone: "There are no disputes.")
    }
  }
}

extension DisputeRecord {
  fileprivate var row: JSONObject {
    [
      "dispute": .integer(id), "invoice": .string(number), "line": .integer(Int64(line)),
      "eur": .string(centsText(cents)), "state": .string("\(state)"),
      "opened": .time(openedMilliseconds),
    ]
  }
}
