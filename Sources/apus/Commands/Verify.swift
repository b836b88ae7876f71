// apus verify: a customer's side of a receipt. Needs no server and no data folder.

import APIServer
import ArgumentParser
import Foundation
import JSON
import Metering
import TensorCore
import Transformer

struct Verify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check what a server signed, and count its tokens again.",
    subcommands: [ReceiptCheck.self])

  struct ReceiptCheck: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "receipt",
      abstract: "Check a receipt, and count again from the texts that you kept.",
      discussion: """
        Checks both signatures and the way to the month's root. With --model it compares the \
        tokenizer's hash, and with --request and --answer it counts both again. An answer is \
        counted as its text would be spelled; the model may have used a few tokens more, and its \
        end is one. Ends with code 1 where something does not hold.
        """)

    @Argument(help: "The file that holds the receipt.") var file: String
    @Option(help: "The server's public key, as its operator published it.") var publicKey: String
    @Option(help: "The model that was asked: a name of the catalogue, or a .gguf file.")
    var model: String?
    @Option(help: "The file with the JSON that was sent to chat/completions or completions.")
    var request: String?
    @Option(help: "The file with the answer: the JSON that came back, or its text.")
    var answer: String?
    @OptionGroup var output: MeterOutput

    func validate() throws {
      if model == nil, request != nil || answer != nil {
        throw ValidationError("Counting again takes the model's file: give --model.")
      }
    }

    func run() throws {
      let text = try contents(file)
      guard let receipt = try? Receipt(encoded: text) else {
        throw CommandError(.unusableInput, "'\(file)' holds no receipt")
      }
      guard let key = bytes(hex: publicKey), key.count == 32 else {
        throw CommandError(.unusableInput, "a public key has 64 hexadecimal digits")
      }
      if let fault = try receipt.fault(publicKey: key) {
        throw CommandError(.unusableInput, "the receipt does not hold: \(fault)")
      }
      var row: JSONObject = [
        "request": .string(receipt.body.request), "signed": true,
        "month": .string(receipt.month), "root": .string(receipt.root),
        "input_tokens": .integer(receipt.body.promptTokens),
        "output_tokens": .integer(receipt.body.completionTokens),
        "cost_eur": .money(PicoEuro(rawValue: receipt.body.costPicoEuro)),
      ]
      if let model { try recount(receipt.body, LocatedModel.find(model).path, &row) }
      output.show(row)
    }

    /// Counts again with a model's file, and ends the command where the counts differ.
    private func recount(
      _ body: Receipt.Body, _ path: String, _ row: inout JSONObject
    ) throws {
      let hash = hexText(TokenizerRecord.hash(of: try GGUFFile(path: path).tokenizerBytes()))
      guard hash == body.tokenizer else {
        throw CommandError(
          .unusableInput,
          "the receipt was counted by another tokenizer than that of '\(path)': "
            + "\(body.tokenizer.isEmpty ? "an unknown one" : body.tokenizer), not \(hash)")
      }
      row["tokenizer"] = .string(hash)
      let counting = PromptRecount(try PromptWriter(path: path))
      if let request {
        let count = Int64(try counting.promptTokens(of: contents(request)))
        row["input_tokens_recounted"] = .integer(count)
        guard count == body.promptTokens else {
          throw CommandError(
            .unusableInput,
            "the request in '\(request)' has \(count) tokens; the receipt says \(body.promptTokens)"
          )
        }
      }
      if let answer {
        let count = Int64(counting.answerTokens(of: try Self.text(contents(answer))))
        row["output_tokens_recounted"] = .integer(count)
        row["output_tokens_beyond_its_text"] = .integer(body.completionTokens - count)
      }
    }

    private func contents(_ path: String) throws -> [UInt8] {
      guard let data = FileManager.default.contents(atPath: path) else {
        throw CommandError(.unreadableFile, "cannot read '\(path)'")
      }
      return [UInt8](data)
    }

    /// The text of an answer: that of all choices of a response, else the file as it is.
    private static func text(_ bytes: [UInt8]) -> String {
      let text = String(decoding: bytes, as: UTF8.self)
      guard let choices = (try? JSONValue.parse(bytes))?["choices"]?.arrayValue else { return text }
      return choices.map { choice in
        let message = choice["message"]
        let parts = [message?["reasoning_content"], message?["content"], choice["text"]]
        return parts.compactMap { $0?.stringValue }.joined()
      }.joined()
    }
  }
}
