// The norm of a layer's input: by the root of the mean square, or around the mean.

package import KernelInterface

/// A norm with its weights.
package struct Norm: Sendable {
  /// `[count]`.
  package let weight: Vector
  /// What is added behind the weights, `[count]`.
  package let bias: Vector?
  package let epsilon: Float
  /// Whether the mean is taken away first (layer norm, Ba, Kiros and Hinton 2016).
  package let isCentred: Bool

  package init(_ weight: Vector, bias: Vector? = nil, epsilon: Float, isCentred: Bool) {
    self.weight = weight
    self.bias = bias
    self.epsilon = epsilon
    self.isCentred = isCentred
  }

  /// A norm without weights.
  ///
  /// - Parameter count: values of a row.
  package init(unweighted count: Int, epsilon: Float, isCentred: Bool = false) throws {
    self.init(
      try Vector([Float](repeating: 1, count: count)), epsilon: epsilon, isCentred: isCentred)
  }

  /// Values of a row.
  package var count: Int { weight.count }
}

extension Compute {
  /// The norm of each row, into activations, quantised where the products that follow ask for it;
  /// without a norm the rows as they are.
  package func apply(
    _ norm: Norm?, to input: FloatRows, rows: Int, into output: Activations,
    quantised scaling: ActivationScaling?
  ) {
    guard let norm else {
      let layout = output.layout(rows: rows)
      return forEachRow(rows) { row in
        output.floats.row(row).update(from: input.row(row), count: output.columns)
        if let scaling { quantise(output, scaling, row: row, layout) }
      }
    }
    guard norm.isCentred || norm.bias != nil else {
      return rmsNorm(
        input, norm.weight, epsilon: norm.epsilon, rows: rows, into: output,
        quantised: scaling)
    }
    let layout = output.layout(rows: rows)
    forEachRow(rows) { row in
      apply(norm, to: input.row(row), into: output.floats.row(row))
      if let scaling { quantise(output, scaling, row: row, layout) }
    }
  }

  /// The norm of each row, in its place.
  package func apply(_ norm: Norm, to rows: FloatRows, count: Int) {
    forEachRow(count) { row in apply(norm, to: rows.row(row), into: rows.row(row)) }
  }

  /// The norm of a row.
  ///
  /// - Parameters:
  ///   - first: where the row's weights begin among the norm's.
  ///   - count: values of the row; nil for as many as the norm has weights.
  func apply(
    _ norm: Norm, from first: Int = 0, count: Int? = nil, to input: UnsafePointer<Float>,
    into values: UnsafeMutablePointer<Float>
  ) {
    let count = count ?? norm.count
    var source = input
    if norm.isCentred {
      // What is left is the root of the mean square of differences from the mean.
      centre(source, count: count, into: values)
      source = UnsafePointer(values)
    }
    kernels.rmsNorm(source, norm.weight.values + first, count, norm.epsilon, values)
    if let bias = norm.bias {
      for column in 0..<count { values[column] += bias.values[first + column] }
    }
  }

  /// `output = input - mean(input)`, added in order.
  private func centre(
    _ input: UnsafePointer<Float>, count: Int, into output: UnsafeMutablePointer<Float>
  ) {
    var sum: Float = 0
    for i in 0..<count { sum += input[i] }
    let mean = sum / Float(count)
    for i in 0..<count { output[i] = input[i] - mean }
  }
}
