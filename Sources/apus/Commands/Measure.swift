// apus measure: what constraints and samplers cost for each token.

import ArgumentParser
import Constraints
import JSON
import TensorCore
import Tokenizer
import Transformer

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

struct Measure: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure what choosing tokens costs, in microseconds of processor time.",
    shouldDisplay: false, subcommands: [MeasureConstraints.self, MeasureSamplers.self])

  /// Microseconds of processor time that the calling thread takes for `body`.
  static func time<Result>(_ body: () throws -> Result) rethrows -> (Double, Result) {
    let start = now()
    let result = try body()
    return (now() - start, result)
  }

  private static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1e6 + Double(time.tv_nsec) / 1e3
  }
}

struct MeasureConstraints: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "constraints",
    abstract: "Follow answers through JSON Schemas.",
    discussion: """
      Reads lines of JSON from standard input, {"schema": …, "text": "…"}, and writes a line for \
      each: what compiling takes, and for each token of the text what its mask and going on take, \
      the first time and once the masks are known, and what applying a mask to logits takes. \
      Benchmarks/constraints works with it.
      """)

  @OptionGroup var model: ModelArgument

  @Option(help: "Tokens that the answer may have beside those of the text.")
  var room = 64

  func validate() throws {
    guard (0...1 << 24).contains(room) else {
      throw ValidationError("--room takes a number from 0 to 16777216.")
    }
  }

  func run() async throws {
    try await onOwnThread { try process() }
  }

  private func process() throws {
    let file = try GGUFFile(path: LocatedModel.find(model.model).path)
    let tokenizer = try TextTokenizer(file)
    let tree = TokenTree(tokenizer)
    while let line = readLine() {
      let request = try JSONValue.parse(line)
      let (compile, constraint) = try Measure.time {
        try Constraint.schema(request["schema"] ?? true)
      }
      let ids = tokenizer.encode(request["text"]?.stringValue ?? "", addingSpecial: false)
      let runtime = ConstraintRuntime(constraint, tree)
      let first = try walk(runtime, ids)
      let known = try walk(runtime, ids)
      let answer: JSONValue = [
        "compile": .number(compile), "tokens": .integer(Int64(ids.count)),
        "first": .array(first.steps.map { .number($0) }),
        "known": .array(known.steps.map { .number($0) }),
        "apply": .number(known.apply), "isWhole": .bool(known.isWhole),
        "bytes": .integer(Int64(runtime.byteCount)),
        "ids": .array(ids.map { .integer(Int64($0)) }),
      ]
      Terminal.writeLine(answer.serialized())
    }
  }

  private func walk(
    _ runtime: ConstraintRuntime, _ ids: [TokenID]
  ) throws -> (steps: [Double], apply: Double, isWhole: Bool) {
    var state = runtime.start
    var steps: [Double] = []
    var apply = 0.0
    let count = runtime.vocabularyCount
    for (index, id) in ids.enumerated() {
      let (time, mask) = try Measure.time {
        try runtime.mask(for: state, room: ids.count - index + room)
      }
      var logits = [Float](repeating: 0, count: count)
      apply += Measure.time { mask?.apply(to: &logits) }.0
      guard mask?.contains(id) ?? true else { return (steps, apply, false) }
      let (step, next) = try Measure.time { try runtime.advance(state, by: id) }
      steps.append(time + step)
      guard let next else { return (steps, apply, false) }
      state = next
    }
    return (steps, apply / Double(max(1, ids.count)), runtime.isComplete(state))
  }
}

struct MeasureSamplers: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "samplers", abstract: "Draw from random logits with each sampler.")

  @Option(help: "Tokens of the vocabulary.")
  var vocabulary = 128_256

  @Option(help: "Draws with each sampler; the fastest of five parts counts.")
  var draws = 50

  func validate() throws {
    guard (1...1 << 24).contains(vocabulary), (1...1 << 24).contains(draws) else {
      throw ValidationError("--vocabulary and --draws take numbers from 1 to 16777216.")
    }
  }

  private static let cases: [(String, @Sendable (inout SamplingOptions) -> Void)] = [
    ("greedy", { $0.temperature = 0 }),
    ("defaults", { _ in }),
    ("temperature alone", { ($0.topK, $0.topP, $0.minP) = (0, 1, 0) }),
    ("top_p 0.95, top_k 0", { ($0.topK, $0.minP) = (0, 0) }),
    ("min_p 0.05, top_k 0", { ($0.topK, $0.topP) = (0, 1) }),
    ("top_n_sigma 1", { ($0.topNSigma, $0.topK, $0.topP, $0.minP) = (1, 0, 1, 0) }),
    ("typical_p 0.9, top_k 0", { ($0.typicalP, $0.topK, $0.topP, $0.minP) = (0.9, 0, 1, 0) }),
    ("typical_p 0.9", { $0.typicalP = 0.9 }),
    ("mirostat 1", { $0.mirostat = .one }),
    ("mirostat 2", { $0.mirostat = .two }),
  ]

  func run() throws {
    var random: UInt64 = 1
    // About normal, as logits are: the sum of twelve uniform numbers (xorshift, Marsaglia 2003).
    let logits = (0..<vocabulary).map { _ in
      (0..<12).reduce(Float(-6)) { sum, _ in
        random ^= random << 13
        random ^= random >> 7
        random ^= random << 17
        return sum + Float(random >> 40) / Float(1 << 24)
      } * 3
    }
    var results: JSONObject = [:]
    for (name, change) in Self.cases {
      var options = SamplingOptions()
      options.seed = 1
      change(&options)
      let sampler = Sampler(options)
      var best = Double.infinity
      for part in 0..<5 {
        let count = max(1, draws / 5)
        let (time, _) = Measure.time {
          for draw in 0..<count {
            _ = sampler.sample(logits, recent: [], position: part * count + draw)
          }
        }
        best = min(best, time / Double(count))
      }
      results[name] = .number((best * 10).rounded() / 10)
    }
    Terminal.writeLine(JSONValue.object(results).serialized(.pretty))
  }
}
