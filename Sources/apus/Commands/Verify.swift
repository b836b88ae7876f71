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
        Checks both signatures and the way to the month's root. A file may hold many receipts, one \
        a line, as 'apus meter dispute evidence' prints them: of these it checks too that none \
        stands there twice, and that those which follow one another do. With --model it compares the \
        tokenizer's hash, and with --request and --answer it counts both again. An answer is \
        counted as its text would be spelled. \(RecountTolerance.rule) Ends with code 1 where \
        something does not hold, or cannot be counted from what was kept: calls of functions are \
        not in the model's own words.
        """)

    @Argument(help: "The file that holds the receipt, or one a line.") var file: String
    @Option(help: "The server's public key, as its operator published it.") var publicKey: String
    @Option(help: "The model that was asked: a name of the catalogue, or a .gguf file.")
    var model: String?
    @Option(help: "The file with the JSON that was sent.")
    var request: String?
    @Option(
      help: "Where it was sent; by default what the answer and the fields of the request tell.")
    var route: CountedRoute?
    @Option(
      help: "The file with the answer: the JSON or the stream that came back, or its text alone.")
    var answer: String?
    @Flag(help: "That file is the answer's text alone, though it may look like JSON or a stream.")
    var text = false
    @OptionGroup var output: MeterOutput

    func validate() throws {
      if model == nil, request != nil || answer != nil {
        throw ValidationError("Counting again takes the model's file: give --model.")
      }
      if route != nil, request == nil {
        throw ValidationError("--route says where a request was sent: give --request.")
      }
      if text, answer == nil {
        throw ValidationError("--text says what the answer's file holds: give --answer.")
      }
    }

    func run() throws {
      let encoded = try contents(file)
      guard let list = try? ReceiptList(encoded: encoded), let first = list.receipts.first else {
        throw CommandError(.unusableInput, "'\(file)' holds no receipt, or a line that is none")
      }
      guard let key = bytes(hex: publicKey), key.count == 32 else {
        throw CommandError(.unusableInput, "a public key has 64 hexadecimal digits")
      }
      if let fault = try list.fault(publicKey: key) {
        throw CommandError(.unusableInput, "the receipt does not hold: \(fault)")
      }
      let path = try model.map { try LocatedModel.find($0).path }
      guard list.receipts.count > 1 else {
        var row = Self.row(first)
        if let path { try recount(first.body, path, &row) }
        return output.show(row)
      }
      guard request == nil, answer == nil else {
        throw CommandError(
          .unusableInput,
          "'\(file)' holds \(list.receipts.count) receipts: count one of them again at a time")
      }
      let hash = try path.map { try Self.tokenizerHash($0) }
      let rows = try zip(list.receipts, list.predecessors).map { receipt, predecessor in
        var row = Self.row(receipt)
        row["follows"] = predecessor.map { .string(list.receipts[$0].body.request) } ?? .null
        if let path, let hash { row["tokenizer"] = try .string(check(hash, path, receipt.body)) }
        return row
      }
      output.show(rows, ifNone: "")
    }

    private static func row(_ receipt: Receipt) -> JSONObject {
      [
        "request": .string(receipt.body.request), "signed": true,
        "month": .string(receipt.month), "root": .string(receipt.root),
        "input_tokens": .integer(receipt.body.promptTokens),
        "output_tokens": .integer(receipt.body.completionTokens),
        "cost_eur": .money(PicoEuro(rawValue: receipt.body.costPicoEuro)),
      ]
    }

    private static func tokenizerHash(_ path: String) throws -> String {
      hexText(TokenizerRecord.hash(of: try GGUFFile(path: path).tokenizerBytes()))
    }

    /// The hash of a model's tokenizer, where the receipt says the same.
    private func check(
      _ hash: String, _ path: String, _ body: Receipt.Body
    ) throws(CommandError) -> String {
      guard hash == body.tokenizer else {
        throw CommandError(
          .unusableInput,
          "the receipt was counted by another tokenizer than that of '\(path)': "
            + "\(body.tokenizer.isEmpty ? "an unknown one" : body.tokenizer), not \(hash)")
      }
      return hash
    }

    /// Counts again with a model's file, and ends the command where the counts differ.
    private func recount(
      _ body: Receipt.Body, _ path: String, _ row: inout JSONObject
    ) throws {
      row["tokenizer"] = try .string(check(Self.tokenizerHash(path), path, body))
      let counting = PromptRecount(try PromptWriter(path: path))
      let kept = try answer.map { file -> SavedAnswer in
        let bytes = try contents(file)
        if text { return SavedAnswer(text: bytes) }
        return try naming(file, hint: "if it is the answer's text alone, say so with --text") {
          try SavedAnswer(bytes)
        }
      }
      let sent = try request.map { file in
        try naming(file) { try PromptRecount.request(contents(file)) }
      }
      if let request, let sent {
        let route = try destination(of: sent, in: request, kept, body)
        let count = try naming(request, hint: routeHint) {
          try counting.promptTokens(of: sent, as: route)
        }
        row["route"] = .string(route.path)
        row["input_tokens_recounted"] = .integer(Int64(count))
        try check(count, of: request, to: route, body)
      }
      if let answer, let kept {
        let count = try naming(answer) {
          try counting.answerTokens(
            of: kept, to: sent, completionTokens: Int(body.completionTokens),
            reasoningTokens: Int(body.reasoningTokens))
        }
        row["output_tokens_recounted"] = .integer(Int64(count))
        row["output_tokens_beyond_its_text"] = .integer(body.completionTokens - Int64(count))
      }
    }

    /// Where a request was sent: what the command says, else the answer, else its own fields.
    private func destination(
      of sent: JSONValue, in file: String, _ kept: SavedAnswer?, _ body: Receipt.Body
    ) throws(CommandError) -> CountedRoute {
      let told = CountedRoute(request: sent, isAnswered: body.completionTokens > 0)
      guard let found = route ?? kept?.route ?? told else {
        throw CommandError(
          .unusableInput, "'\(file)' is no request: it has no 'messages', 'prompt' or 'input'")
      }
      return found
    }

    private func check(
      _ count: Int, of file: String, to route: CountedRoute, _ body: Receipt.Body
    ) throws(CommandError) {
      guard Int64(count) != body.promptTokens else { return }
      var hint = routeHint.map { " (\($0))" } ?? ""
      if Int64(count) > body.promptTokens {
        hint += "; less is charged where a request was refused, or its client left"
      }
      throw CommandError(
        .unusableInput,
        "the request in '\(file)' has \(count) token\(count == 1 ? "" : "s") at \(route.path), and "
          + "the receipt says \(body.promptTokens)\(hint)")
    }

    /// What helps where a route was concluded and may be another.
    private var routeHint: String? {
      route == nil ? "if it was sent elsewhere, say so with --route" : nil
    }

    /// What cannot be read or counted is told with the name of its file.
    private func naming<Value>(
      _ file: String, hint: String? = nil, _ read: () throws -> Value
    ) throws -> Value {
      do { return try read() } catch let error as CommandError { throw error } catch {
        throw CommandError(
          .unusableInput, "'\(file)': \(error)" + (hint.map { " (\($0))" } ?? ""))
      }
    }

    private func contents(_ path: String) throws -> [UInt8] {
      guard let data = FileManager.default.contents(atPath: path) else {
        throw CommandError(.unreadableFile, "cannot read '\(path)'")
      }
      return [UInt8](data)
    }
  }
}

extension CountedRoute: ExpressibleByArgument {}
