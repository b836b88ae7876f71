// The engine's promise: a token's logits have the same bits however the work was cut up.

import TestSupport
import Testing
import Transformer

@Suite struct BatchInvarianceTests {
  /// More tokens than a forward pass takes (512) and than several cache blocks (32).
  static let tokenCount = 520

  @Test(
    "Single steps, slices, one batch and two threads give the same bits",
    arguments: TinyModel.all, KeyValueFormat.allCases)
  func cutsDoNotMatter(model: TinyModel, format: KeyValueFormat) throws {
    let single = try model.load(format, contextLength: 544)
    // Models that have learned a vector for each position know no more positions.
    let count = min(Self.tokenCount, single.contextLength)
    let tokens = try model.tokens(count, seed: 1)
    let whole = try Session(single).logitBits(tokens, in: [count])
    var random = SeededGenerator(seed: 2)
    for threads in [1, 2] {
      let loaded = try model.load(format, threads: threads, contextLength: 544)
      let session = try Session(loaded)
      let steps = [Int](repeating: 1, count: count)
      for cuts in [
        steps, [count], randomCuts(count, largest: 9, &random),
        randomCuts(count, largest: 100, &random),
      ] {
        session.reset()
        #expect(
          try session.logitBits(tokens, in: cuts) == whole,
          "\(threads) threads, slices of \(cuts.prefix(20))")
      }
    }
  }

  @Test("Which rows want logits does not matter", arguments: TinyModel.all)
  func wantedRowsDoNotMatter(model: TinyModel) throws {
    let tokens = try model.tokens(40, seed: 3)
    let loaded = try model.load(.F16)
    let all = try Session(loaded).evaluate(tokens, logits: .all).bits
    let session = try Session(loaded)
    #expect(try session.evaluate(Array(tokens[..<20]), logits: .none).isEmpty)
    let last = try session.evaluate(Array(tokens[20...]), logits: .last).bits
    #expect(last[...] == all.suffix(last.count))
    #expect(last.count * 40 == all.count)
  }

  @Test("A session that went back is as if it had never gone", arguments: TinyModel.all)
  func truncation(model: TinyModel) throws {
    let loaded = try model.load(.F16)
    let tokens = try model.tokens(90, seed: 4)
    let width = try model.description().shape[1]
    let whole = try Session(loaded).evaluate(tokens, logits: .all).bits
    let session = try Session(loaded)
    // Another text, longer, whose keys and values stay behind in memory.
    _ = try session.evaluate(try model.tokens(100, seed: 5), logits: .none)
    for position in [0, 70, 64, 63, 33, 32, 31, 1] {
      session.truncate(to: position)
      // Models with a state may have to go back further.
      #expect(session.position <= position)
      let start = session.position
      let found = try session.evaluate(Array(tokens[start...]), logits: .all).bits
      #expect(found[...] == whole[(start * width)...], "from \(position)")
    }
  }

  @Test(
    "Every stored format keeps the promise",
    .enabled(if: Fixtures.isPresent, Fixtures.absence), arguments: GoldenQuants.types)
  func formats(type: GoldenQuants.Kind) throws {
    let golden = try GoldenQuants.index()
    var options = ModelOptions()
    var random = SeededGenerator(seed: 6)
    options.threadCount = 1
    let whole = try Session(Model.load(type.path, options: options))
      .logitBits(golden.tokens, in: [24])
    options.threadCount = 2
    let loaded = try Model.load(type.path, options: options)
    for cuts in [
      [Int](repeating: 1, count: 24), [24], randomCuts(24, largest: 9, &random), [16, 8], [7, 17],
    ] {
      #expect(try Session(loaded).logitBits(golden.tokens, in: cuts) == whole, "\(cuts)")
    }
  }
}
