// Which experts take which rows of a batch, with which weights.

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How a router's scores become weights.
package struct ExpertRouting: Sendable {
  /// What scores go through first.
  package enum Gate: Sendable {
    /// Softmax over all experts.
    case softmax
    /// 1 / (1 + exp(-x)) of each (DeepSeek 2024).
    case sigmoid
  }

  /// Experts in groups of the same size, of which a row takes some: those with the best experts.
  package struct Groups: Sendable {
    /// Groups, which divides the number of experts.
    package let count: Int
    /// Groups that a row's experts may be of, `1...count`.
    package let usedCount: Int

    package init(count: Int, usedCount: Int) {
      self.count = count
      self.usedCount = usedCount
    }
  }

  /// Experts of the layer, at least 1.
  package let expertCount: Int
  /// Experts that a row goes to, `1...expertCount`.
  package let usedCount: Int
  /// What the router's scores go through.
  package var gate = Gate.softmax
  /// What is added to the gate's values to choose experts by, not to weigh them, `[expertCount]`.
  package var bias: Vector?
  /// Groups of experts of which a row takes some; nil where it takes the best of all experts.
  package var groups: Groups?
  /// Whether the weights of a row's experts add up to 1, or are what the gate gave.
  package let normalises: Bool
  /// Whether weights stand on what experts read, and not on what they give (Llama 4).
  package var weighsInputs = false
  /// A factor on all weights.
  package let scale: Float

  package init(expertCount: Int, usedCount: Int, normalises: Bool, scale: Float = 1) {
    self.expertCount = expertCount
    self.usedCount = usedCount
    self.normalises = normalises
    self.scale = scale
  }
}

extension ExpertRouting {
  /// What weights are divided by at least, where they are made to add up to 1: the smallest normal number
  /// of half precision.
  fileprivate static let leastTotal: Float = 0x1p-14

  /// Whether experts are chosen by scores as they are. The gate keeps their order, but gives large
  /// ones the same value.
  fileprivate var ranksScores: Bool { gate == .sigmoid && bias == nil && groups == nil }

  /// Experts that a group is ranked by, the sum of so many: its best alone (DeepSeek-V2), or two
  /// (DeepSeek-V3, which has sigmoids and a bias).
  fileprivate var groupRankCount: Int { gate == .softmax && bias == nil ? 1 : 2 }

  fileprivate func gate(_ scores: FloatRows, row: Int) {
    let values = scores.row(row)
    guard gate == .softmax else {
      for expert in 0..<expertCount { values[expert] = 1 / (1 + expf(-values[expert])) }
      return
    }
    var largest = values[0]
    for expert in 1..<max(1, expertCount) { largest = max(largest, values[expert]) }
    var sum: Float = 0
    for expert in 0..<expertCount {
      values[expert] = expf(values[expert] - largest)
      sum += values[expert]
    }
    for expert in 0..<expertCount { values[expert] /= sum }
  }
}

extension ExpertRouting.Groups {
  /// Takes the experts of all other groups out of the choice.
  ///
  /// - Parameter rankCount: a group's rank is the sum of so many of its experts.
  fileprivate func dropSmallest(from ranks: inout [Float], rankCount: Int) {
    let size = ranks.count / count
    var sums = (0..<count).map { group in
      let best = ranks[group * size..<(group + 1) * size].sorted(by: >).prefix(rankCount)
      return best.reduce(0, +)
    }
    for _ in usedCount..<count {
      // Of equal sums the last group goes.
      guard let least = sums.indices.reversed().min(by: { sums[$0] < sums[$1] }) else { return }
      for expert in least * size..<(least + 1) * size { ranks[expert] = -.infinity }
      sums[least] = .infinity
    }
  }
}

extension Compute {
  /// The experts of each row with the largest scores, expert by expert and then row by row. Of equal
  /// scores the first is taken; a row whose scores are no numbers goes to none.
  ///
  /// - Parameter scores: `[rows, expertCount]`; used up.
  package func choices(
    _ scores: FloatRows, rows: Int, _ routing: ExpertRouting
  ) -> [ExpertChoice] {
    var choices: [ExpertChoice] = []
    choices.reserveCapacity(rows * routing.usedCount)
    var ranks = [Float](repeating: 0, count: routing.expertCount)
    for row in 0..<rows {
      let weights = scores.row(row)
      if routing.ranksScores {
        for expert in ranks.indices { ranks[expert] = weights[expert] }
      }
      routing.gate(scores, row: row)
      if !routing.ranksScores {
        for expert in ranks.indices {
          ranks[expert] = weights[expert] + (routing.bias?[expert] ?? 0)
        }
      }
      if let groups = routing.groups {
        groups.dropSmallest(from: &ranks, rankCount: routing.groupRankCount)
      }
      let first = choices.count
      for _ in 0..<routing.usedCount {
        var best = 0
        for expert in 1..<max(1, ranks.count) where ranks[expert] > ranks[best] { best = expert }
        // Not where scores are no numbers.
        guard ranks[best] > -.infinity else { break }
        choices.append(ExpertChoice(expert: best, row: row, weight: weights[best]))
        ranks[best] = -.infinity
      }
      var total: Float = 1
      if routing.normalises {
        total = max(choices[first...].reduce(0) { $0 + $1.weight }, ExpertRouting.leastTotal)
      }
      for index in first..<choices.count {
        let choice = choices[index]
        choices[index] = ExpertChoice(
          expert: choice.expert, row: row, weight: choice.weight / total * routing.scale)
      }
    }
    return choices.sorted { ($0.expert, $0.row) < ($1.expert, $1.row) }
  }
}
