// How fast the products of one format are, by the number of rows that are multiplied at once.

import KernelInterface

/// Times products of random weights. Blocks.
package struct KernelSpeed {
  private let compute: Compute
  private let repetitions: Int
  private let path: String

  /// - Parameter path: a file to make and replace; the caller deletes it.
  package init(pool: WorkerPool, repetitions: Int, path: String) {
    compute = Compute(instructionSet: .current, pool: pool)
    self.repetitions = repetitions
    self.path = path
  }

  /// The names of formats that can be measured.
  package static var formats: [String] { RandomBlocks.formats.map(\.name) }

  /// One product's figures.
  package struct Result {
    /// The format's name.
    package let format: String
    /// `[rows, columns]` of the weights.
    package let shape: (rows: Int, columns: Int)
    /// Rows of activations.
    package let rowCount: Int
    /// Bytes of packed weights.
    package let weightBytes: Int
    /// Each run's time.
    package let seconds: [Double]

    package var best: Double { seconds.min() ?? .infinity }
    package var median: Double { seconds.sorted()[seconds.count / 2] }
    /// Bytes of weights in a second, of the best run.
    package var bytesPerSecond: Double { Double(weightBytes) / best }
    /// Multiplications and additions in a second, of the best run.
    package var operationsPerSecond: Double {
      2 * Double(shape.rows) * Double(shape.columns) * Double(rowCount) / best
    }
  }

  /// Weights of the format of that name, one of ``formats``, times each number of rows.
  package func measure(
    _ format: String, shape: (rows: Int, columns: Int), rowCounts: [Int]
  ) throws -> [Result] {
    let projection = Projection(try weights(format, shape))
    let most = rowCounts.max() ?? 1
    let input = try AlignedBuffer(byteCount: most * shape.columns * 4)
    let quantised = try AlignedBuffer(
      byteCount: Activations.quantisedBytes(rows: most, columns: shape.columns) + 64)
    let output = try AlignedBuffer(byteCount: most * projection.outputStride * 4)
    let activations = Activations(
      floats: FloatRows(base: input.floats, stride: shape.columns), quantised: quantised.base,
      columns: shape.columns)
    for row in 0..<most {
      activations.floats.write(
        (0..<shape.columns).map { Float(($0 * 37 + row * 11) % 101 - 50) / 50 }, row: row)
    }
    let target = FloatRows(base: output.floats, stride: projection.outputStride)
    return rowCounts.map { rows in
      compute.quantise(activations, for: projection, rows: rows)
      func once() -> Double {
        let start = ContinuousClock.now
        projection.multiply(activations, rows: rows, into: target, compute)
        return (ContinuousClock.now - start) / .seconds(1)
      }
      _ = once()
      return Result(
        format: format, shape: shape, rowCount: rows, weightBytes: projection.byteCount,
        seconds: (0..<repetitions).map { _ in once() })
    }
  }

  /// A packed matrix of random weights, by way of a file.
  private func weights(
    _ name: String, _ shape: (rows: Int, columns: Int)
  ) throws -> PackedMatrix {
    guard let format = RandomBlocks.formats.first(where: { $0.name == name }) else {
      preconditionFailure("\(name) cannot be drawn")
    }
    let plan = GGUFTensorPlan(
      name: "weight", shape: [shape.columns, shape.rows], format: format)
    let writer = try GGUFWriter(path: path, metadata: [], tensors: [plan])
    var generator = XorShift(seed: 1)
    try writer.writeRandom(
      plan, deviation: 1 / Float(shape.columns).squareRoot(), &generator
    ) {}
    try writer.finish()
    return try PackedMatrix(GGUFFile(path: path).tensors[0], exact: false, pool: compute.pool)
  }
}
