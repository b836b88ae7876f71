// apus meter receipt: what a customer can hold against a bill, and checking it.

import ArgumentParser
import Foundation
import JSON
import Metering

struct MeterReceipt: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "receipt", abstract: "Print and check signed receipts of single requests.",
    subcommands: [Show.self, Key.self, Root.self, Verify.self])

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print the receipt of a request, as JSON.",
      discussion: "The month's root grows until the month is over.")
    @Argument(help: "The request's id, as x-request-id said it.") var request: String

    func run() throws {
      guard let id = RequestID(request) else {
        throw CommandError(.unusableInput, "a request's id has 32 hexadecimal digits")
      }
      let receipt = try Keys.withStore { try $0.receipt(id).encoded() }
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
    @Option(help: "The month.") var month = UTCMonth.current.previous
    @OptionGroup var output: MeterOutput

    func run() throws {
      let (root, count) = try Keys.withStore { try $0.receiptRoot(of: month) }
      output.show([
        "month": .string("\(month)"), "receipts": .integer(Int64(count)),
        "root": .string(hexText(root)),
      ])
    }
  }

  struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Check a receipt with the server's public key; needs no data folder.")
    @Argument(help: "The file that holds the receipt.") var file: String
    @Option(help: "The public key, as the operator published it.") var publicKey: String

    func run() throws {
      guard let text = FileManager.default.contents(atPath: file) else {
        throw CommandError(.unreadableFile, "cannot read '\(file)'")
      }
      guard let receipt = try? Receipt(encoded: [UInt8](text)) else {
        throw CommandError(.unusableInput, "'\(file)' holds no receipt")
      }
      guard let key = bytes(hex: publicKey) else {
        throw CommandError(.unusableInput, "a public key has 64 hexadecimal digits")
      }
      if let fault = try receipt.fault(publicKey: key) {
        throw CommandError(.unusableInput, "the receipt does not hold: \(fault)")
      }
      Terminal.note("The receipt holds.")
    }
  }
}
