// apus meter receipt: what a customer can hold against a bill; `apus verify receipt` checks it.

import ArgumentParser
import JSON
import Metering

struct MeterReceipt: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "receipt", abstract: "Print signed receipts of single requests.",
    subcommands: [Show.self, Key.self, Root.self])

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print the receipt of a request, as JSON.",
      discussion: "The month's root grows until the month is over.")
    @Argument(help: "The request's id, as x-request-id said it, or its answer's, as chatcmpl-ID.")
    var request: String
    @Option(help: "How many receipts the tree is over, as an invoice printed it; by default all.")
    var count: Int?

    func run() throws {
      guard let id = RequestID(inAnswerID: request) else {
        throw CommandError(
          .unusableInput,
          "a request's id has 32 hexadecimal digits, alone or behind a word such as 'chatcmpl-'")
      }
      let receipt = try Keys.withStore { try $0.receipt(id, count: count).encoded() }
      Terminal.writeLine(String(decoding: receipt, as: UTF8.self))
    }
  }

  struct Key: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print the public key that receipts are checked with; publish it.")
    func run() throws { Terminal.writeLine(hexText(try Keys.withStore { try $0.receiptKey() })) }
  }

  struct Root: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print the root over all receipts of a month; publish it when the month is over.")
    @Option(help: "The month, as 2026-11.") var month = UTCMonth.current.previous
    @OptionGroup var output: MeterOutput

    func run() throws {
      let (root, count) = try Keys.withStore { try $0.receiptRoot(of: month) }
      output.show([
        "month": .string("\(month)"), "receipts": .integer(Int64(count)),
        "root": .string(hexText(root)),
      ])
    }
  }
}
