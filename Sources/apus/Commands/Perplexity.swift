// apus perplexity: how well a model foresees a text.

import ArgumentParser
import Foundation
import JSON
import Tokenizer
import Transformer

struct Perplexity: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure how well a model foresees a text; lower is better.",
    discussion: """
      The text is cut into windows of --context tokens that are read one by one from an empty \
      memory. Every token of a window but its first counts: the perplexity is the exponential of \
      their mean negative log-probability.
      """)

  @OptionGroup var model: ModelArgument
  @OptionGroup var engine: EngineArguments

  @Option(name: [.short, .long], help: "The text, in UTF-8; - reads standard input.")
  var file: String

  @Option(
    name: [.short, .long], help: "Tokens of a window; by default 512, or the model's own if less.")
  var context: Int?

  @Flag(help: "Print a JSON object.")
  var json = false

  func validate() throws {
    if let context, context < 2 { throw ValidationError("--context takes a number above 1.") }
  }

  func run() async throws {
    try await onOwnThread { try measure() }
  }

  private func measure() throws {
    let text = try InputFile.text(file)
    let model = try engine.load(LocatedModel.find(model.model).path, contextLength: context)
    let window = min(context ?? 512, model.contextLength)
    if window > model.info.trainedContextLength {
      Terminal.note(
        "note: the model was trained for \(model.info.trainedContextLength) tokens, and windows have \(window)"
      )
    }
    let ids = model.tokenizer.encode(text)
    guard ids.count >= 2 else {
      throw CommandError(
        .unusableInput,
        "\(InputFile.name(file)) has \(ids.isEmpty ? "no token" : "1 token"); a perplexity needs 2 "
          + "at least")
    }
    let session = try Session(model, contextLength: window)
    var sum = 0.0
    var count = 0
    for start in stride(from: 0, to: ids.count, by: window) {
      session.reset()
      let part = ids[start..<min(start + window, ids.count)]
      var following = part.dropFirst().makeIterator()
      try session.evaluate(Array(part), logits: .all) { row in
        guard let next = following.next() else { return }
        sum -= logProbability(of: Int(next), in: row)
        count += 1
      }
      if Terminal.isErrorInteractive, count > 0 {
        let done = min(start + window, ids.count)
        Terminal.noteInPlace(
          "\r\u{1B}[K\(done) of \(ids.count) tokens, \(decimal(exp(sum / Double(count)), 4))")
      }
    }
    if Terminal.isErrorInteractive { Terminal.noteInPlace("\r\u{1B}[K") }
    guard count > 0 else {
      throw CommandError(.unusableInput, "no window of \(InputFile.name(file)) has 2 tokens")
    }
    let perplexity = exp(sum / Double(count))
    if json {
      let value: JSONValue = [
        "perplexity": .number(perplexity), "tokens": .integer(Int64(ids.count)),
        "counted": .integer(Int64(count)), "context": .integer(Int64(window)),
        "negative_log_likelihood": .number(sum),
      ]
      Terminal.writeLine(value.serialized())
    } else {
      Terminal.writeLine(
        "perplexity \(decimal(perplexity, 4)) over \(count) tokens in windows of \(window)")
    }
  }
}

/// The natural logarithm of the probability that softmax gives to `token`, in float64. `row` holds
/// one position's logits, [vocabulary].
private func logProbability(of token: Int, in row: [Float]) -> Double {
  let greatest = row.max() ?? 0
  var sum = 0.0
  for value in row { sum += exp(Double(value - greatest)) }
  return Double(row[token] - greatest) - log(sum)
}
