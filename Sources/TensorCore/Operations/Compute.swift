// What computes: the kernels of an instruction set and the threads to run them on.

package import KernelInterface

/// Kernels and threads, handed to every operation.
package struct Compute: Sendable {
  package let kernels: KernelTable
  package let pool: WorkerPool

  package init(instructionSet: InstructionSet, pool: WorkerPool) {
    kernels = instructionSet.kernels
    self.pool = pool
  }

  /// Runs `body` for each row: on this thread for a few rows, else on all.
  func forEachRow(_ rows: Int, _ body: (Int) -> Void) {
    if rows <= 2 {
      for row in 0..<rows { body(row) }
    } else {
      pool.forEach(rows, grain: max(1, rows / (4 * pool.threadCount))) { range, _ in
        for row in range { body(row) }
      }
    }
  }
}

extension Compute {
  /// Quantises rows of activations for products with integer weights.
  package func quantise(_ activations: Activations, rows: Int) {
    forEachRow(rows) { quantise(activations, row: $0) }
  }

  private func quantise(_ activations: Activations, row: Int) {
    kernels.quantise(
      activations.floats.row(row), activations.floats.stride, 1, activations.columns,
      activations.quantised + row * activations.quantisedStride)
  }

  /// RMS norm of `weight.count` values of each row (Zhang and Sennrich 2019).
  package func rmsNorm(
    _ input: FloatRows, _ weight: Vector, epsilon: Float, rows: Int, into output: FloatRows
  ) {
    forEachRow(rows) { row in
      kernels.rmsNorm(
        input.row(row), weight.values, weight.count, epsilon, output.row(row))
    }
  }

  /// RMS norm into activations, quantised where the products that follow ask for it.
  package func rmsNorm(
    _ input: FloatRows, _ weight: Vector, epsilon: Float, rows: Int, into output: Activations,
    quantising: Bool
  ) {
    forEachRow(rows) { row in
      kernels.rmsNorm(
        input.row(row), weight.values, weight.count, epsilon, output.floats.row(row))
      if quantising { quantise(output, row: row) }
    }
  }

  /// `gate = activation(gate) × up` for `output.columns` values of each row, into `output`.
  package func gate(
    _ activation: Activation, gate: FloatRows, up: FloatRows, rows: Int,
    into output: Activations, quantising: Bool
  ) {
    forEachRow(rows) { row in
      kernels.gatedActivation(activation, gate.row(row), up.row(row), output.columns)
      output.floats.row(row).update(from: gate.row(row), count: output.columns)
      if quantising { quantise(output, row: row) }
    }
  }

  /// `target += norm(source)` for `columns` values of each row; without a norm `target += source`.
  ///
  /// The norm is taken in place: `source` is changed.
  package func addResidual(
    _ source: FloatRows, norm: Vector?, epsilon: Float, to target: FloatRows, columns: Int,
    rows: Int
  ) {
    forEachRow(rows) { row in
      let from = source.row(row)
      if let norm { kernels.rmsNorm(from, norm.values, norm.count, epsilon, from) }
      let to = target.row(row)
      for column in 0..<columns { to[column] += from[column] }
    }
  }

  /// Adds a vector to each row.
  package func add(_ bias: Vector, to target: FloatRows, rows: Int) {
    forEachRow(rows) { row in
      let to = target.row(row)
      for column in 0..<bias.count { to[column] += bias.values[column] }
    }
  }
}
