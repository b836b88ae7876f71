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

  /// Runs `body` on all threads for the calls of a product: a thread takes all rows of some panels.
  func forEachCall(
    _ plan: CallPlan, _ body: (_ panels: Range<Int>, _ rows: Range<Int>, _ worker: Int) -> Void
  ) {
    pool.forEach(plan.runCount) { runs, worker in
      for run in runs { plan.forEachCall(of: run) { body($0, $1, worker) } }
    }
  }

  /// Runs `body` on all threads for the calls of several products, one product behind the other.
  func forEachCall(
    of plans: [CallPlan],
    _ body: (_ product: Int, _ panels: Range<Int>, _ rows: Range<Int>, _ worker: Int) -> Void
  ) {
    // Of one row each, experts of a shape are alike in work, and runs of runs spare turns at the
    // counter. Where they have rows by their numbers, one may take much longer than another.
    let isEven = plans.allSatisfy { $0.rows == 1 && $0.panels == plans[0].panels }
    pool.forEach(plans.reduce(0) { $0 + $1.runCount }, isEven: isEven) { runs, worker in
      for run in runs {
        var (product, run) = (0, run)
        while run >= plans[product].runCount {
          run -= plans[product].runCount
          product += 1
        }
        plans[product].forEachCall(of: run) { body(product, $0, $1, worker) }
      }
    }
  }

  /// Runs `body` for each row: on this thread for a few rows, else on all.
  package func forEachRow(_ rows: Int, _ body: (Int) -> Void) {
    if rows <= 2 {
      for row in 0..<rows { body(row) }
    } else {
      pool.forEach(rows, grain: max(1, rows / (4 * pool.threadCount))) { range, _ in
        for row in range { body(row) }
      }
    }
  }
}

/// How a product is cut into calls of a kernel.
struct CallPlan {
  let panelCount: Int
  /// Panels that a thread takes at a time.
  let panels: Int
  let rows: Int
  /// Rows of a call.
  let tokens: Int
  /// Runs of panels.
  let runCount: Int

  init(panelCount: Int, panels: Int, rows: Int, tokens: Int) {
    self.panelCount = panelCount
    self.panels = panels
    self.rows = rows
    self.tokens = tokens
    runCount = (panelCount + panels - 1) / panels
  }

  /// Runs `body` for all rows of the panels of a run.
  func forEachCall(of run: Int, _ body: (_ panels: Range<Int>, _ rows: Range<Int>) -> Void) {
    let range = run * panels..<min((run + 1) * panels, panelCount)
    for first in stride(from: 0, to: rows, by: tokens) {
      body(range, first..<min(first + tokens, rows))
    }
  }
}

extension Compute {
  /// Quantises rows of activations as a projection wants its input: not at all where it reads floats.
  package func quantise(_ activations: Activations, for projection: Projection, rows: Int) {
    guard let scaling = projection.scaling else { return }
    let layout = activations.layout(rows: rows)
    forEachRow(rows) { row in quantise(activations, scaling, row: row, layout) }
  }

  func quantise(
    _ activations: Activations, _ scaling: ActivationScaling, row: Int, _ layout: ActivationLayout
  ) {
    activations.quantise(
      activations.floats.row(row), activations.columns, scaling, row: row, block: 0, layout,
      kernels)
  }

  /// `target += source` for `columns` values of each row.
  package func add(_ source: FloatRows, to target: FloatRows, columns: Int, rows: Int) {
    addResidual(source, norm: nil, epsilon: 0, to: target, columns: columns, rows: rows)
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
    quantised scaling: ActivationScaling?
  ) {
    let layout = output.layout(rows: rows)
    forEachRow(rows) { row in
      kernels.rmsNorm(
        input.row(row), weight.values, weight.count, epsilon, output.floats.row(row))
      if let scaling { quantise(output, scaling, row: row, layout) }
    }
  }

  /// `gate = activation(gate) × up` for `output.columns` values of each row, into `output`.
  package func gate(
    _ activation: Activation, gate: FloatRows, up: FloatRows, rows: Int,
    into output: Activations, quantised scaling: ActivationScaling?
  ) {
    let layout = output.layout(rows: rows)
    forEachRow(rows) { row in
      self.gate(
        activation, gate: gate, up: up, into: output, row: row, layout, quantised: scaling)
    }
  }

  /// The same for one row.
  func gate(
    _ activation: Activation, gate: FloatRows, up: FloatRows, into output: Activations, row: Int,
    _ layout: ActivationLayout, quantised scaling: ActivationScaling?
  ) {
    kernels.gatedActivation(activation, gate.row(row), up.row(row), output.columns)
    output.floats.row(row).update(from: gate.row(row), count: output.columns)
    if let scaling { quantise(output, scaling, row: row, layout) }
  }

  /// `target += scale × norm(source)` for `columns` values of each row; without a norm
  /// `target += scale × source`.
  ///
  /// The norm is taken in place: `source` is changed.
  package func addResidual(
    _ source: FloatRows, norm: Vector?, epsilon: Float, scale: Float = 1, to target: FloatRows,
    columns: Int, rows: Int
  ) {
    forEachRow(rows) { row in
      let from = source.row(row)
      if let norm { kernels.rmsNorm(from, norm.values, norm.count, epsilon, from) }
      let to = target.row(row)
      if scale == 1 {
        for column in 0..<columns { to[column] += from[column] }
      } else {
        for column in 0..<columns { to[column] += scale * from[column] }
      }
    }
  }

  /// Divides each row by a vector, value by value.
  package func divide(_ target: FloatRows, by divisors: Vector, rows: Int) {
    forEachRow(rows) { row in
      let to = target.row(row)
      for column in 0..<divisors.count { to[column] /= divisors.values[column] }
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
