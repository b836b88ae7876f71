// Which experts take which rows of a batch, and how rows get there and back.

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How a router's scores become weights.
package struct ExpertRouting: Sendable {
  package let expertCount: Int
  /// Experts that a row goes to.
  package let usedCount: Int
  /// Whether the weights of a row's experts add up to 1, or are what softmax over all gave.
  package let normalises: Bool
  /// A factor on all weights.
  package let scale: Float

  package init(expertCount: Int, usedCount: Int, normalises: Bool, scale: Float = 1) {
    self.expertCount = expertCount
    self.usedCount = usedCount
    self.normalises = normalises
    self.scale = scale
  }
}

/// A row that goes to an expert.
package struct ExpertChoice: Sendable {
  package let expert: Int
  package let row: Int
  /// The factor on what the expert gives.
  package let weight: Float
}

extension Compute {
  /// The likeliest experts of each row, expert by expert and then row by row. Of equal scores the first
  /// is taken.
  ///
  /// - Parameter scores: `[rows, expertCount]`; used up.
  package func choices(
    _ scores: FloatRows, rows: Int, _ routing: ExpertRouting
  ) -> [ExpertChoice] {
    var choices: [ExpertChoice] = []
    choices.reserveCapacity(rows * routing.usedCount)
    for row in 0..<rows {
      let values = scores.row(row)
      let count = routing.expertCount
      var largest = values[0]
      for expert in 1..<max(1, count) { largest = max(largest, values[expert]) }
      var sum: Float = 0
      for expert in 0..<count {
        values[expert] = expf(values[expert] - largest)
        sum += values[expert]
      }
      for expert in 0..<count { values[expert] /= sum }
      let first = choices.count
      for _ in 0..<routing.usedCount {
        var best = 0
        for expert in 1..<max(1, count) where values[expert] > values[best] { best = expert }
        // Not where scores are no numbers.
        guard values[best] >= 0 else { break }
        choices.append(ExpertChoice(expert: best, row: row, weight: values[best]))
        values[best] = -1
      }
      var total: Float = 1
      if routing.normalises { total = choices[first...].reduce(0) { $0 + $1.weight } }
      for index in first..<choices.count {
        let choice = choices[index]
        choices[index] = ExpertChoice(
          expert: choice.expert, row: row, weight: choice.weight / total * routing.scale)
      }
    }
    return choices.sorted { ($0.expert, $0.row) < ($1.expert, $1.row) }
  }

  /// Brings the rows of some choices together.
  package func gather(
    _ source: FloatRows, _ choices: ArraySlice<ExpertChoice>, into target: Activations
  ) {
    forEachRow(choices.count) { index in
      let row = choices[choices.startIndex + index].row
      target.floats.row(index).update(from: source.row(row), count: target.columns)
    }
  }

  /// Adds scale × weight × the rows of some choices to the rows that they came from.
  package func scatter(
    _ source: FloatRows, _ choices: ArraySlice<ExpertChoice>, scale: Float, to target: FloatRows,
    columns: Int
  ) {
    forEachRow(choices.count) { index in
      let choice = choices[choices.startIndex + index]
      let (from, to) = (source.row(index), target.row(choice.row))
      let factor = scale * choice.weight
      for column in 0..<columns { to[column] += factor * from[column] }
    }
  }
}
