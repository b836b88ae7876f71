// One measurement of apus batched-bench.

import JSON
import Tokenizer
import Transformer

/// How long several sequences take side by side.
struct BatchedSpeed {
  let promptCount: Int
  let generatedCount: Int
  let sequenceCount: Int
  let threadCount: Int
  let promptSeconds: Double
  let decodeSeconds: Double

  /// Measures once, after a pass that does not count. Blocks.
  init(
    _ model: Model, promptCount: Int, generatedCount: Int, sequenceCount: Int
  ) throws {
    self.promptCount = promptCount
    self.generatedCount = generatedCount
    self.sequenceCount = sequenceCount
    threadCount = model.threadCount
    let session = try BatchSession(
      model, sequences: sequenceCount, contextLength: promptCount + generatedCount)
    // The same tokens every time, which they are does not matter (Knuth's MMIX constants).
    var state: UInt64 = 42
    func tokens(_ count: Int) -> [[TokenID]] {
      (0..<sequenceCount).map { _ in
        (0..<count).map { _ in
          state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
          return TokenID((state >> 33) % UInt64(max(1, model.info.vocabularyCount)))
        }
      }
    }
    try session.evaluate(tokens(1))
    session.reset()
    let prompts = tokens(promptCount)
    let answers = (0..<generatedCount).map { _ in tokens(1) }
    let clock = ContinuousClock()
    promptSeconds = try clock.measure { try session.evaluate(prompts) } / .seconds(1)
    decodeSeconds =
      try clock.measure { for step in answers { try session.evaluate(step) } } / .seconds(1)
  }

  private static let names = [
    "PP", "TG", "B", "N_KV", "T_PP s", "S_PP t/s", "T_TG s", "S_TG t/s", "T s", "S t/s",
  ]
  private static let widths = [6, 6, 4, 6, 8, 8, 8, 8, 8, 8]

  private var tokenCount: Int { sequenceCount * (promptCount + generatedCount) }
  private var promptSpeed: Double { Double(sequenceCount * promptCount) / promptSeconds }
  private var decodeSpeed: Double { Double(sequenceCount * generatedCount) / decodeSeconds }
  private var seconds: Double { promptSeconds + decodeSeconds }

  static func header(_ format: Bench.Format) -> String {
    guard format == .md else { return keys.joined(separator: ",") }
    let rule = widths.map { String(repeating: "-", count: $0 + 1) + ":" }
    return row(names) + "\n|" + rule.joined(separator: "|") + "|"
  }

  func line(_ format: Bench.Format) -> String {
    guard format == .md else { return fields.map { $0.value.serialized() }.joined(separator: ",") }
    return Self.row([
      "\(promptCount)", "\(generatedCount)", "\(sequenceCount)", "\(tokenCount)",
      decimal(promptSeconds, 3), decimal(promptSpeed, 2), decimal(decodeSeconds, 3),
      decimal(decodeSpeed, 2), decimal(seconds, 3), decimal(Double(tokenCount) / seconds, 2),
    ])
  }

  private static func row(_ cells: [String]) -> String {
    "| " + zip(cells, widths).map { $0.aligned(to: $1) }.joined(separator: " | ") + " |"
  }

  private static let keys = [
    "n_threads", "pp", "tg", "pl", "n_kv", "t_pp", "speed_pp", "t_tg", "speed_tg", "t", "speed",
  ]

  /// By the names of llama-batched-bench.
  var fields: JSONObject {
    [
      "n_threads": .integer(Int64(threadCount)), "pp": .integer(Int64(promptCount)),
      "tg": .integer(Int64(generatedCount)), "pl": .integer(Int64(sequenceCount)),
      "n_kv": .integer(Int64(tokenCount)), "t_pp": .number(promptSeconds),
      "speed_pp": .number(promptSpeed), "t_tg": .number(decodeSeconds),
      "speed_tg": .number(decodeSpeed), "t": .number(seconds),
      "speed": .number(Double(tokenCount) / seconds),
    ]
  }
}
