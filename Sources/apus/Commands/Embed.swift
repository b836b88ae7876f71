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

  @Option(
    name: [.short, .long],
    help: "Tokens of a text at most; by default the model's own, or 8192 if that is less.")
  var context: Int?

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
      let model = try engine.load(located.path, contextLength: context, mayEmbed: true)
      return (model, try readTexts().enumerated().map { try tokens(of: $1, number: $0 + 1, model) })
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
      for vector in try await vectors(of: Array(texts[part]), running) {
        let values = vector.embedding(dimensions: dimensions, isNormalised: !unnormalised)
        Terminal.writeLine("[\(values.map(\.description).joined(separator: ","))]")
      }
    }
  }

  private func vectors(
    of texts: [[TokenID]], _ running: Engine
  ) async throws -> [[Float]] {
    try await withThrowingTaskGroup(of: (Int, [Float]).self) { tasks in
      for (index, tokens) in texts.enumerated() {
        tasks.addTask { (index, try await running.embed(tokens, pooling: pooling)) }
      }
      return try await tasks.reduce(into: Array(repeating: [], count: texts.count)) {
        $0[$1.0] = $1.1
      }
    }
  }

  /// A text's tokens, known to fit before anything is printed.
  private func tokens(of text: String, number: Int, _ model: Model) throws -> [TokenID] {
    let tokens = model.tokenizer.encode(text, parsingSpecial: false, addingSpecial: true)
    guard tokens.count <= model.contextLength else {
      // An encoder has no more than it was trained for, and no model takes less than is asked for
      // unless it has no more.
      let isLongest =
        model.info.isEncoder && model.contextLength == model.info.trainedContextLength
        || model.contextLength < context ?? 0
      throw CommandError(
        .unusableInput,
        "text \(number) has \(tokens.count) tokens, and the context \(model.contextLength): cut it"
          + (isLongest ? "" : ", or choose a longer context (--context) where the model has one"))
    }
    return tokens
  }

  /// The texts, none of them empty.
  private func readTexts() throws -> [String] {
    var texts = text
    if texts.isEmpty {
      texts = try InputFile.lines("-").enumerated().map { index, line in
        guard jsonl else { return line }
        guard let text = (try? JSONValue.parse(line))?.stringValue else {
          throw CommandError(
            .unusableInput, "line \(index + 1) of standard input is no JSON string")
        }
        return text
      }
    }
    if let place = texts.firstIndex(where: \.isEmpty) {
      throw CommandError(.unusableInput, "text \(place + 1) is empty")
    }
    return texts
  }
}

extension Pooling: ExpressibleByArgument {}
