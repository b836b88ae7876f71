// Rows of several residual streams that learn from one another (AltUp, Baykal et al. 2023).

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How many streams a row has, side by side, `width` values each.
package struct StreamShape: Sendable, Equatable {
  package let count: Int
  package let width: Int

  /// Values of a row.
  package var total: Int { count * width }

  package init(count: Int, width: Int) { (self.count, self.width) = (count, width) }
}

extension Compute {
  /// `coefficients[i] = bias + Σ_j table[i, j] × tanh(scores[j] × factor)` of each row.
  ///
  /// - Parameters:
  ///   - scores: `[rows, count]`; used up.
  ///   - table: `[coefficients, count]`, the last innermost.
  package func weighStreams(
    _ scores: FloatRows, count: Int, factor: Float, by table: Vector, bias: Float,
    into coefficients: FloatRows, rows: Int
  ) {
    forEachRow(rows) { row in
      let (scores, output) = (scores.row(row), coefficients.row(row))
      // In double precision, so that the float is the same whichever library rounds it.
      for stream in 0..<count { scores[stream] = Float(tanh(Double(scores[stream] * factor))) }
      for index in 0..<table.count / count {
        let weights = table.values + index * count
        var sum = bias
        for stream in 0..<count { sum += weights[stream] * scores[stream] }
        output[index] = sum
      }
    }
  }

  /// `stream[i] += Σ_j coefficients[i, j] × stream[j]` of each row, with all streams as they were.
  ///
  /// - Parameter scratch: room for `shape.total` values of each row.
  package func mixStreams(
    _ streams: FloatRows, _ shape: StreamShape, by coefficients: FloatRows, scratch: FloatRows,
    rows: Int
  ) {
    forEachRow(rows) { row in
      let (target, source) = (streams.row(row), scratch.row(row))
      source.update(from: target, count: shape.total)
      for index in 0..<shape.count * shape.count {
        let factor = coefficients.row(row)[index]
        let to = target + index / shape.count * shape.width
        let from = source + index % shape.count * shape.width
        for column in 0..<shape.width { to[column] += factor * from[column] }
      }
    }
  }

  /// `stream[i] += factors[i] × (active - stream[0])` of each row; `active` is used up.
  package func correctStreams(
    _ streams: FloatRows, _ shape: StreamShape, by factors: FloatRows, towards active: FloatRows,
    rows: Int
  ) {
    forEachRow(rows) { row in
      let (target, change) = (streams.row(row), active.row(row))
      for column in 0..<shape.width { change[column] -= target[column] }
      for stream in 0..<shape.count {
        let (factor, to) = (factors.row(row)[stream], target + stream * shape.width)
        for column in 0..<shape.width { to[column] += factor * change[column] }
      }
    }
  }

  /// `stream[i] += source` of each row for all streams but the first.
  package func addToLaterStreams(
    _ source: FloatRows, _ streams: FloatRows, _ shape: StreamShape, rows: Int
  ) {
    forEachRow(rows) { row in
      let from = source.row(row)
      for stream in 1..<max(1, shape.count) {
        let to = streams.row(row) + stream * shape.width
        for column in 0..<shape.width { to[column] += from[column] }
      }
    }
  }

  /// Makes each row of `target` as long as that of `model`; a row of zeros stays what it is.
  package func setLengths(
    of target: FloatRows, to model: FloatRows, columns: Int, rows: Int
  ) {
    forEachRow(rows) { row in
      let values = target.row(row)
      let length = Self.squaredLength(values, columns)
      guard length > 0 else { return }
      let factor = Float((Self.squaredLength(model.row(row), columns) / length).squareRoot())
      for column in 0..<columns { values[column] *= factor }
    }
  }

  /// `output = input × weight` for `weight.count` values of each row.
  package func multiply(_ input: FloatRows, by weight: Vector, into output: FloatRows, rows: Int) {
    forEachRow(rows) { row in
      let (from, to) = (input.row(row), output.row(row))
      for column in 0..<weight.count { to[column] = from[column] * weight.values[column] }
    }
  }

  /// `row = max(row - cut, 0)` for `columns` values of each row, where the cut lies `deviations`
  /// standard deviations of the row's values above their mean. Of one value the deviation is 0.
  ///
  /// Sums are in double precision: of many values that are nearly alike.
  package func cutBelow(_ deviations: Float, _ target: FloatRows, columns: Int, rows: Int) {
    forEachRow(rows) { row in
      let values = target.row(row)
      let mean = Self.sum(values, columns) { $0 } / Double(columns)
      let squares = Self.sum(values, columns) { ($0 - mean) * ($0 - mean) }
      let deviation = (squares / Double(max(1, columns - 1))).squareRoot()
      let cut = Float(mean + Double(deviations) * deviation)
      for column in 0..<columns { values[column] = max(values[column] - cut, 0) }
    }
  }

  private static func squaredLength(_ values: UnsafePointer<Float>, _ count: Int) -> Double {
    sum(values, count) { $0 * $0 }
  }

  /// The sum of `term` of all values: four sums beside one another, and then what is left.
  @inline(__always)
  private static func sum(
    _ values: UnsafePointer<Float>, _ count: Int, _ term: (_ value: SIMD4<Double>) -> SIMD4<Double>
  ) -> Double {
    var sums = SIMD4<Double>.zero
    let end = count / 4 * 4
    for first in stride(from: 0, to: end, by: 4) {
      let part = SIMD4(
        values[first], values[first + 1], values[first + 2], values[first + 3])
      sums += term(SIMD4<Double>(part))
    }
    for index in end..<count {
      sums[index - end] += term(SIMD4(repeating: Double(values[index])))[0]
    }
    return (sums[0] + sums[1]) + (sums[2] + sums[3])
  }
}
