// apus embed: texts to vectors.

import ArgumentParser
import JSON
import Tokenizer
import Transformer

struct Embed: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Turn texts into vectors.",
    discussion: """
      Each line of standard input is a text, and its vector, of length 1, becomes a line of output: \
      a JSON array. Any model will do; encoders are made for it. Examples:
        apus embed all-MiniLM-L6-v2.gguf < sentences.txt
        apus embed all-MiniLM-L6-v2.gguf --text "Swifts sleep on the wing."
      """)

  @OptionGroup var model: ModelArgument

  @Option(help: "A text, instead of standard input; may be given more than once.")
  var text: [String] = []

  @Flag(help: "Read one JSON string a line: texts may have lines of their own.")
  var jsonl = false

  @Option(
    help: ArgumentHelp(
      "How the states of a text's tokens become one vector: their mean, that of the first (cls) or of the last; by default as the file says."
    ))
  var pooling: Pooling?

  @Option(help: ArgumentHelp("Print the first values of each vector alone.", valueName: "n"))
  var dimensions: Int?

  @Flag(help: "Leave vectors as long as they are.")
  var unnormalised = false

  @OptionGroup var engine: EngineArguments

  /// Texts that are computed side by side.
  private static let parallelCount = 64

  func validate() throws {
    if let dimensions, dimensions < 1 {
      throw ValidationError("--dimensions takes a number above 0.")
    }
    if jsonl, !text.isEmpty { throw ValidationError("--jsonl has no place for --text.") }
  }

  func run() async throws {
    let located = try LocatedModel.find(model.model)
    let (loaded, texts) = try await onOwnThread {
      (try engine.load(located.path, mayEmbed: true), try readTexts())
    }
    let length = loaded.info.embeddingLength
    if let dimensions, dimensions > length {
      throw CommandError(
        .unusableInput, "--dimensions is \(dimensions); the model's vectors have \(length) values")
    }
    var options = EngineOptions()
    options.queueLimit = max(options.queueLimit, Self.parallelCount)
    let running = try Engine(loaded, options: options)
    defer { running.shutdown() }
    for first in stride(from: 0, to: texts.count, by: Self.parallelCount) {
      let part = first..<min(first + Self.parallelCount, texts.count)
      for vector in try await vectors(of: Array(texts[part]), numbered: first + 1, running) {
        let values = vector.embedding(dimensions: dimensions, isNormalised: !unnormalised)
        Terminal.writeLine("[\(values.map(\.description).joined(separator: ","))]")
      }
    }
  }

  private func vectors(
    of texts: [String], numbered first: Int, _ running: Engine
  ) async throws -> [[Float]] {
    try await withThrowingTaskGroup(of: (Int, [Float]).self) { tasks in
      for (index, text) in texts.enumerated() {
        tasks.addTask {
          let tokens = running.model.tokenizer.encode(
            text, parsingSpecial: false, addingSpecial: true)
          do { return (index, try await running.embed(tokens, pooling: pooling)) } catch {
            guard let problem = error as? EngineError else { throw error }
            throw CommandError(.unusableInput, "text \(first + index): \(problem)")
          }
        }
      }
      return try await tasks.reduce(into: Array(repeating: [], count: texts.count)) {
        $0[$1.0] = $1.1
      }
    }
  }

  /// The texts, none of them empty.
  private func readTexts() throws -> [String] {
    var texts = text
    if texts.isEmpty {
      var lines = try InputFile.text("-").split(
        omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      if lines.last?.isEmpty == true { lines.removeLast() }
      texts = try lines.enumerated().map { index, line in
        guard jsonl else { return String(line) }
        guard let text = (try? JSONValue.parse(String(line)))?.stringValue else {
          throw CommandError(
            .unusableInput, "line \(index + 1) of standard input is no JSON string")
        }
        return text
      }
    }
    if let place = texts.firstIndex(of: "") {
      throw CommandError(.unusableInput, "text \(place + 1) is empty")
    }
    return texts
  }
}

extension Pooling: ExpressibleByArgument {}
