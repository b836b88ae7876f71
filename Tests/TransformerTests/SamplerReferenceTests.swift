// Samplers beside plain versions of themselves on random logits, the statistics of many draws, and
// what depends on earlier choices.

import TestSupport
import Testing
import Tokenizer
import Transformer

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

@Suite struct SamplerReferenceTests {
  private static func logits(_ count: Int, _ random: inout SeededGenerator) -> [Float] {
    (0..<count).map { _ in Float.random(in: -4...4, using: &random) }
  }

  /// The probability of each token, in double precision and in the simplest way.
  private static func probabilities(_ logits: [Float]) -> [Double] {
    let weights = logits.map { exp(Double($0)) }
    let sum = weights.reduce(0, +)
    return weights.map { $0 / sum }
  }

  private static func left(_ options: SamplingOptions, _ logits: [Float]) -> Set<TokenID> {
    Set(Sampler(options).candidates(logits, recent: [], position: 0).candidates.map(\.id))
  }

  @Test(arguments: [3, 17, 400, 5_000])
  func `each filter keeps the tokens that its definition names`(count: Int) {
    var random = SeededGenerator(seed: UInt64(count))
    for _ in 0..<10 {
      let logits = Self.logits(count, &random)
      let probabilities = Self.probabilities(logits)
      let order = logits.indices.sorted { logits[$0] > logits[$1] }
      let p = Float.random(in: 0.05...0.95, using: &random)

      let k = Int.random(in: 1..<count, using: &random)
      #expect(
        Self.left(SamplingOptions.plain { $0.topK = k }, logits)
          == Set(order.prefix(k).map { TokenID($0) }))

      let least = probabilities[order[0]] * Double(p)
      #expect(
        Self.left(SamplingOptions.plain { $0.minP = p }, logits)
          == Set(order.filter { probabilities[$0] >= least }.map { TokenID($0) }))

      var sum = 0.0
      var nucleus: Set<TokenID> = []
      for index in order where sum < Double(p) {
        sum += probabilities[index]
        nucleus.insert(TokenID(index))
      }
      #expect(Self.left(SamplingOptions.plain { $0.topP = p }, logits) == nucleus)

      let entropy = -probabilities.reduce(0) { $0 + $1 * log($1) }
      sum = 0
      var typical: Set<TokenID> = []
      let distances = probabilities.map { abs(-log($0) - entropy) }
      for index in logits.indices.sorted(by: { distances[$0] < distances[$1] })
      where sum <= Double(p) {
        sum += probabilities[index]
        typical.insert(TokenID(index))
      }
      #expect(Self.left(SamplingOptions.plain { $0.typicalP = p }, logits) == typical)

      let mean = logits.reduce(0) { $0 + Double($1) } / Double(count)
      let variance =
        logits.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(count)
      let bound = Double(logits[order[0]]) - Double(p) * variance.squareRoot()
      #expect(
        Self.left(SamplingOptions.plain { $0.topNSigma = p }, logits)
          == Set(order.filter { Double(logits[$0]) >= bound }.map { TokenID($0) }))

      let threshold = Float(probabilities[order[min(3, count - 1)]] * 0.999)
      let likely = order.prefix { probabilities[$0] >= Double(threshold) }
      let excluded = Set(likely.dropLast().map { TokenID($0) })
      #expect(
        Self.left(
          SamplingOptions.plain {
            $0.xtcProbability = 1
            $0.xtcThreshold = min(0.5, threshold)
          }, logits)
          == Set(order.map { TokenID($0) }).subtracting(threshold <= 0.5 ? excluded : []))
    }
  }

  @Test func `banned and biased tokens, and ends that come too early`() {
    let logits: [Float] = [3, 2, 1, 0]
    var options = SamplingOptions.greedy
    options.bannedTokens = [0, -5, 99]
    #expect(Sampler(options).sample(logits, recent: [], position: 0) == 1)
    options.logitBias = [3: 10, 77: 1, 1: -.infinity]
    #expect(Sampler(options).sample(logits, recent: [], position: 0) == 3)
    options = .greedy
    options.minTokens = 2
    let sampler = Sampler(options, answerStart: 5, endIDs: [0])
    #expect((5..<9).map { sampler.sample(logits, recent: [], position: $0) } == [1, 1, 0, 0])
    options.bannedTokens = [0, 1, 2, 3]
    #expect(Sampler(options).sample(logits, recent: [], position: 0) == 0)
  }

  @Test(arguments: [0.0, 0.5])
  func `a hundred thousand draws follow the distribution`(exclusion: Float) {
    var random = SeededGenerator(seed: 5)
    let logits = Self.logits(50, &random)
    let options = SamplingOptions.plain {
      $0.temperature = 1.3
      $0.topK = 20
      $0.topP = 0.9
      $0.minP = 0.02
      $0.xtcProbability = exclusion
      $0.xtcThreshold = 0.08
    }
    let sampler = Sampler(options)
    // Where tokens are excluded at random, two distributions are mixed.
    var expected = [Double](repeating: 0, count: 50)
    for (isExcluded, share) in [(false, 1 - Double(exclusion)), (true, Double(exclusion))] {
      var fixed = options
      fixed.xtcProbability = isExcluded ? 1 : 0
      let (candidates, temperature) = Sampler(fixed).candidates(logits, recent: [], position: 0)
      let weights = candidates.map { exp(Double($0.logit) / Double(temperature)) }
      for (candidate, weight) in zip(candidates, weights) {
        expected[Int(candidate.id)] += share * weight / weights.reduce(0, +)
      }
    }
    let draws = 100_000
    var counts = [Int](repeating: 0, count: 50)
    for position in 0..<draws {
      counts[Int(sampler.sample(logits, recent: [], position: position))] += 1
    }
    var statistic = 0.0
    var freedom = -1.0
    for (count, probability) in zip(counts, expected) {
      if probability == 0 {
        #expect(count == 0)
      } else {
        let mean = probability * Double(draws)
        statistic += (Double(count) - mean) * (Double(count) - mean) / mean
        freedom += 1
      }
    }
    // About one in ten thousand seeds is above mean plus four deviations and a half.
    #expect(statistic < freedom + 4.5 * (2 * freedom).squareRoot(), "\(statistic), \(freedom)")
  }

  /// Of all tokens a choice surprises by more than of those that are left, among which the target
  /// holds. By how much was simulated apart, and scatters by 0.02. The likeliest token alone would
  /// surprise by 1.35 bits, draws from all tokens by 4.2.
  @Test(arguments: [
    (MirostatVersion.one, 2 as Float, 2.46), (.two, 2, 2.46), (.one, 3, 3.19), (.two, 3, 3.19),
  ])
  func `mirostat brings the surprise to its target`(
    version: MirostatVersion, target: Float, surprise: Double
  ) {
    let sampler = Sampler(
      SamplingOptions.plain {
        $0.mirostat = version
        $0.mirostatTau = target
      })
    let logits = (1...1_000).map { Float(-1.5 * log(Double($0))) }
    let probabilities = Self.probabilities(logits)
    let total = (0..<2_000).reduce(0.0) { total, position in
      total - log2(probabilities[Int(sampler.sample(logits, recent: [], position: position))])
    }
    #expect(abs(total / 2_000 - surprise) < 0.08, "\(total / 2_000)")
  }

  @Test(arguments: [true, false])
  func `a choice asked for twice is made from the same state`(isMirostat: Bool) {
    var random = SeededGenerator(seed: 8)
    let rows = (0..<40).map { _ in Self.logits(200, &random) }
    let options = SamplingOptions.plain {
      if isMirostat { $0.mirostat = .two } else { $0.adaptiveTarget = 0.05 }
    }
    let (once, twice) = (Sampler(options), Sampler(options))
    #expect(once.looksBack && !Sampler(.greedy).looksBack)
    for (position, logits) in rows.enumerated() {
      let id = once.sample(logits, recent: [], position: position)
      #expect(twice.sample(logits, recent: [], position: position) == id)
      #expect(twice.sample(logits, recent: [], position: position) == id)
    }
  }

  @Test func `log-probabilities are those of all logits before anything is done to them`() {
    var random = SeededGenerator(seed: 9)
    let logits = Self.logits(500, &random) + [-.infinity, .nan]
    let probabilities = Self.probabilities(Array(logits.prefix(500)))
    let order = (0..<500).sorted { logits[$0] > logits[$1] }
    let found = logProbabilities(logits, of: 17, count: 30)
    let (chosen, likeliest) = (found.chosen, found.likeliest)
    #expect(chosen.id == 17)
    #expect(abs(Double(chosen.logProbability) - log(probabilities[17])) < 1e-5)
    #expect(likeliest.map(\.id) == order.prefix(20).map { TokenID($0) })
    for entry in likeliest {
      #expect(abs(Double(entry.logProbability) - log(probabilities[Int(entry.id)])) < 1e-5)
    }
    #expect(logProbabilities(logits, of: 500, count: 0).chosen.logProbability == -.infinity)
    #expect(logProbabilities(logits, of: 999, count: 0).chosen.logProbability == -.infinity)
  }
}
