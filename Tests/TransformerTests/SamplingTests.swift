// Choosing tokens: each filter, the random numbers, and what hostile logits do.

import Testing
import Transformer

@Suite struct SamplingTests {
  private func options(_ change: (inout SamplingOptions) -> Void) -> SamplingOptions {
    .plain(change)
  }

  /// Tokens that come up in many draws.
  private func drawn(_ options: SamplingOptions, _ logits: [Float], recent: [Int32] = []) -> Set<
    Int32
  > {
    let sampler = Sampler(options)
    return Set((0..<2_000).map { sampler.sample(logits, recent: recent, position: $0) })
  }

  @Test func greedyTakesTheLikeliestAndTheLowestOfEquals() {
    let sampler = Sampler(.greedy)
    #expect(sampler.sample([1, 3, 3, 2], recent: [], position: 0) == 1)
  }

  @Test func topKKeepsTheLikeliest() {
    #expect(drawn(options { $0.topK = 2 }, [0, 2, 1, 1.5]) == [1, 3])
  }

  @Test(arguments: [0, 3]) func topPKeepsTheNucleus(topK: Int) {
    // Probabilities 0.5, 0.25, 0.125, 0.125.
    let logits: [Float] = [3, 2, 1, 1].map { $0 * 0.693_147_2 }
    let chosen = drawn(
      options {
        $0.topK = topK
        $0.topP = 0.7
      }, logits)
    #expect(chosen == [0, 1])
  }

  @Test func topPOfALargeVocabularyEqualsSortingAll() {
    var generator = CounterRandomGenerator(seed: 3)
    let logits = (0..<5_000).map { _ in Float.random(in: -3...3, using: &generator) }
    let sampler = Sampler(options { $0.topP = 0.9 })
    let whole = Sampler(
      options {
        $0.topP = 0.9
        $0.topK = 4_999
      })
    for position in 0..<200 {
      #expect(
        sampler.sample(logits, recent: [], position: position)
          == whole.sample(logits, recent: [], position: position))
    }
  }

  @Test func minPDropsTheUnlikely() {
    // 0.4 of the likeliest one's probability is ln 0.4 = -0.92 below it.
    #expect(drawn(options { $0.minP = 0.4 }, [0, -0.5, -1, -5]) == [0, 1])
  }

  @Test func penaltiesLowerWhatStandsInTheRecentText() {
    var greedy = SamplingOptions.greedy
    greedy.repeatPenalty = 2
    #expect(Sampler(greedy).sample([3, 2, 1], recent: [0], position: 1) == 1)
    greedy.repeatPenalty = 1
    greedy.presencePenalty = 1.5
    #expect(Sampler(greedy).sample([3, 2, 1], recent: [0, 0], position: 2) == 1)
    greedy.presencePenalty = 0
    greedy.frequencyPenalty = 0.6
    #expect(Sampler(greedy).sample([3, 2, 1], recent: [0], position: 1) == 0)
    #expect(Sampler(greedy).sample([3, 2, 1], recent: [0, 0], position: 2) == 1)
    greedy.repeatLastN = 1
    #expect(Sampler(greedy).sample([3, 2, 1], recent: [0, 0, 2], position: 3) == 0)
  }

  @Test func drawsFollowTheSoftmax() {
    let logits: [Float] = [0, 0.693_147_2, 1.386_294_4, -.infinity]
    let sampler = Sampler(options { _ in })
    var counts = [0, 0, 0, 0]
    let draws = 70_000
    for position in 0..<draws {
      counts[Int(sampler.sample(logits, recent: [], position: position))] += 1
    }
    #expect(counts[3] == 0)
    // Chi-squared with 2 degrees of freedom: above 13.8 once in a thousand seeds.
    let expected = [1.0, 2, 4].map { $0 / 7 * Double(draws) }
    let statistic = zip(counts, expected).reduce(0.0) {
      $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1) / $1.1
    }
    #expect(statistic < 13.8)
  }

  @Test func theSameSeedDrawsTheSameWhateverWasDrawnBefore() {
    let logits = (0..<100).map { Float($0 % 7) / 3 }
    let a = Sampler(options { _ in })
    let inOrder = (0..<50).map { a.sample(logits, recent: [], position: $0) }
    let reversed = (0..<50).reversed().map { a.sample(logits, recent: [], position: $0) }
    #expect(inOrder == reversed.reversed())
    let other = Sampler(options { $0.seed = 8 })
    #expect(inOrder != (0..<50).map { other.sample(logits, recent: [], position: $0) })
  }

  @Test(arguments: [0 as Float, 1]) func logitsThatAreNotNumbersAreNeverChosen(temperature: Float) {
    let sampler = Sampler(options { $0.temperature = temperature })
    #expect(sampler.sample([.nan, .infinity, 1, -.infinity], recent: [], position: 0) == 2)
    #expect(sampler.sample([.nan, .nan], recent: [], position: 0) == 0)
  }
}

/// Seeded numbers for the test's own data.
private struct CounterRandomGenerator: RandomNumberGenerator {
  var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state ^ (state >> 29)
  }
}

extension SamplingOptions {
  /// Temperature 1, a fixed seed, nothing filtered, and then what a test changes.
  static func plain(_ change: (inout SamplingOptions) -> Void) -> SamplingOptions {
    var options = SamplingOptions()
    options.temperature = 1
    options.topK = 0
    options.topP = 1
    options.minP = 0
    options.seed = 7
    change(&options)
    return options
  }
}
