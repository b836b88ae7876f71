// apus logits: what a model computes, to compare it with others.

import ArgumentParser
import Foundation
import Tokenizer
import Transformer

struct Logits: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write the logits of every position to a file.",
    discussion: """
      The file holds little-endian float32, [tokens, vocabulary], row after row. The bits are the \
      same with and without --stepwise, and for any number of threads.
      """)

  @OptionGroup var model: ModelArgument
  @OptionGroup var engine: EngineArguments

  @Option(help: ArgumentHelp("Token ids with commas between them.", valueName: "ids"))
  var tokens: String

  @Flag(help: "Compute token by token instead of all at once.")
  var stepwise = false

  @Option(name: [.short, .long], help: "The file to write.")
  var output: String

  func run() async throws {
    try await onOwnThread { try write() }
  }

  private func write() throws {
    let ids = try parsedTokens()
    let model = try engine.load(
      LocatedModel.find(model.model).path, contextLength: ids.count)
    let session = try Session(model, contextLength: ids.count)
    // Opened for the first row: ids that are refused leave the file as it was.
    var file: FileHandle?
    defer { try? file?.close() }
    for part in stepwise ? ids.map({ [$0] }) : [ids] {
      try session.evaluate(part, logits: .all) { row in
        let file = try file ?? opened(&file)
        do { try file.write(contentsOf: littleEndian(row)) } catch {
          throw CommandError(.unwritableFile, "\(output) cannot be written: \(reason(error))")
        }
      }
    }
  }

  private func parsedTokens() throws -> [TokenID] {
    let parts = tokens.split { $0 == "," || $0 == " " }
    let ids = parts.compactMap { TokenID($0) }
    guard !ids.isEmpty, ids.count == parts.count else {
      throw CommandError(
        .unusableInput, "--tokens takes ids with commas between them, as in --tokens 1,2,3")
    }
    return ids
  }

  /// The output, emptied in place: a device or a link stays what it is.
  private func opened(_ file: inout FileHandle?) throws -> FileHandle {
    let descriptor = open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw CommandError(
        .unwritableFile, "\(output) cannot be written: \(String(cString: strerror(errno)))")
    }
    let opened = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    file = opened
    return opened
  }

  private func littleEndian(_ values: [Float]) -> Data {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(values.count * 4)
    for value in values {
      let bits = value.bitPattern
      bytes.append(UInt8(truncatingIfNeeded: bits))
      bytes.append(UInt8(truncatingIfNeeded: bits >> 8))
      bytes.append(UInt8(truncatingIfNeeded: bits >> 16))
      bytes.append(UInt8(truncatingIfNeeded: bits >> 24))
    }
    return Data(bytes)
  }
}
