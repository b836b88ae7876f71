// The promise of equal bits on real models and a real text.

import TestSupport
import Testing
import Transformer

@Suite(
  .serialized, .enabled(if: Fixtures.isPresent, Fixtures.absence),
  .enabled(if: RealModel.arePresent, RealModel.absence))
struct RealModelTests {
  @Test("Single steps, slices and one batch give the same bits", arguments: RealModel.all)
  func cutsDoNotMatter(model: RealModel) throws {
    let golden = try GoldenModel.load(model.golden)
    // Longer than a cache block, and an odd number.
    let tokens = Array(golden.prompts[1].tokens.prefix(75))
    var random = SeededGenerator(seed: 1)
    for format in KeyValueFormat.allCases {
      var options = ModelOptions()
      options.contextLength = 128
      options.keyValueFormat = format
      let session = try Session(Model.load(model.path, options: options))
      let whole = try session.logitBits(tokens, in: [tokens.count])
      for cuts in [
        [Int](repeating: 1, count: tokens.count), randomCuts(tokens.count, largest: 20, &random),
      ] {
        session.reset()
        #expect(try session.logitBits(tokens, in: cuts) == whole, "\(format), slices of \(cuts)")
      }
    }
  }
}
