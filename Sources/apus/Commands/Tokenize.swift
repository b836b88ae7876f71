// apus tokenize: text to token ids and back.

import ArgumentParser
import JSON
import TensorCore
import Tokenizer
import Transformer

struct Tokenize: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Turn text on standard input into token ids, or ids into text.",
    discussion: """
      Ids are printed with a space between them; tokens at the beginning and the end are added as \
      the model's metadata asks. Examples:
        echo -n "Hello" | apus tokenize smollm2-135m-instruct
        echo 19556 905 | apus tokenize smollm2-135m-instruct --decode
      """)

  @OptionGroup var model: ModelArgument
  @OptionGroup var arguments: TokenizerArguments

  @Flag(help: "Print a JSON array; with --decode, a JSON string.")
  var json = false

  @Flag(help: "Parse special tokens in the text; with --decode, show them.")
  var special = false

  @Flag(help: "Read ids (separated by spaces, commas or brackets) and print their text.")
  var decode = false

  @Flag(
    help: """
      Read one JSON string a line and print one JSON array of ids a line; with --decode the other \
      way round.
      """)
  var jsonl = false

  @Option(
    help: ArgumentHelp(
      """
      Read a JSON array of strings, encode and decode them all N times on one thread, and print \
      the seconds that it took.
      """, valueName: "n"))
  var measure: Int?

  func validate() throws {
    if let measure, measure < 1 { throw ValidationError("--measure takes a number above 0.") }
  }

  func run() async throws {
    try await onOwnThread { try process() }
  }

  private func process() throws {
    let file = try GGUFFile(path: LocatedModel.find(model.model).path)
    let tokenizer = try TextTokenizer(file, preTokenizer: arguments.preTokenizer)
    if let measure {
      try printMeasurement(tokenizer, repetitions: measure)
    } else if jsonl {
      try processLines(tokenizer)
    } else if decode {
      let ids = try ids(in: InputFile.text("-"))
      try check(ids, tokenizer)
      let bytes = tokenizer.bytes(of: ids, showingSpecial: special)
      let text = String(decoding: bytes, as: UTF8.self)
      Terminal.writeLine(json ? JSONValue.string(text).serialized() : text)
    } else {
      let ids = tokenizer.encode(
        try InputFile.text("-"), parsingSpecial: special, addingSpecial: true)
      let texts = ids.map(String.init)
      Terminal.writeLine(
        json ? "[" + texts.joined(separator: ",") + "]" : texts.joined(separator: " "))
    }
  }

  private func processLines(_ tokenizer: TextTokenizer) throws {
    var output = ""
    for (place, line) in try InputFile.lines("-").enumerated() {
      let number = place + 1
      let value: JSONValue
      do { value = try JSONValue.parse(line) } catch {
        throw CommandError(.unusableInput, "line \(number) of standard input: \(error.message)")
      }
      if decode, let numbers = value.arrayValue {
        let ids = try ids(numbers, line: number)
        try check(ids, tokenizer)
        let text = tokenizer.decode(ids, showingSpecial: special)
        output += JSONValue.string(text).serialized() + "\n"
      } else if !decode, let text = value.stringValue {
        let ids = tokenizer.encode(text, parsingSpecial: special)
        output += "[" + ids.map(String.init).joined(separator: ",") + "]\n"
      } else {
        throw CommandError(
          .unusableInput,
          "line \(number) of standard input is no JSON \(decode ? "array of ids" : "string")")
      }
      if output.utf8.count > 1 << 16 {
        Terminal.write(output)
        output = ""
      }
    }
    Terminal.write(output)
  }

  private func ids(in text: String) throws -> [TokenID] {
    try text.split { " \n\r\t,[]".contains($0) }.map { part in
      guard let id = TokenID(part) else {
        throw CommandError(
          .unusableInput, "standard input holds something that is no token id; give numbers alone")
      }
      return id
    }
  }

  private func check(_ ids: [TokenID], _ tokenizer: TextTokenizer) throws(CommandError) {
    let known = 0..<TokenID(tokenizer.vocabularyCount)
    guard let unknown = ids.first(where: { !known.contains($0) }) else { return }
    throw CommandError(
      .unusableInput, "the token id \(unknown) is not in \(known), the vocabulary")
  }

  private func ids(_ values: [JSONValue], line: Int) throws -> [TokenID] {
    try values.map { value in
      guard let id = value.intValue.flatMap({ TokenID(exactly: $0) }) else {
        throw CommandError(
          .unusableInput, "line \(line) of standard input holds something that is no token id")
      }
      return id
    }
  }

  private func printMeasurement(_ tokenizer: TextTokenizer, repetitions: Int) throws {
    let limits = JSONLimits(byteCount: 1 << 30, valueCount: 10_000_000)
    guard let values = try JSONValue.parse(InputFile.bytes("-"), limits: limits).arrayValue else {
      throw CommandError(.unusableInput, "standard input is no JSON array of strings")
    }
    let texts = values.map { Array(($0.stringValue ?? "").utf8) }
    var encoded: [[TokenID]] = []
    var seconds: [JSONValue] = []
    let clock = ContinuousClock()
    for _ in 0..<repetitions {
      encoded.removeAll(keepingCapacity: true)
      let duration = clock.measure {
        for text in texts {
          encoded.append(
            tokenizer.encode(utf8: text, parsingSpecial: false, addingSpecial: true))
        }
      }
      seconds.append(.number(duration / .seconds(1)))
    }
    var decodeSeconds: [JSONValue] = []
    for _ in 0..<repetitions {
      var bytes = 0
      let duration = clock.measure {
        for ids in encoded { bytes += tokenizer.decode(ids).utf8.count }
      }
      decodeSeconds.append(.number(duration / .seconds(1)))
    }
    let result: JSONValue = [
      "seconds": .array(seconds),
      "tokens": .integer(Int64(encoded.reduce(0) { $0 + $1.count })),
      "decode_seconds": .array(decodeSeconds),
    ]
    Terminal.writeLine(result.serialized())
  }
}
