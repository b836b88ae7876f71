// Gate and up projections, their activation and its quantised form, in one parallel region.

package import KernelInterface

extension Projection {
  /// Floats of one thread's scratch for gated products: what stays in the second-level cache.
  package static let gatedScratch = 64 << 10
  /// Rows from which on it pays: a few are done by the time a thread has fetched its weights.
  package static let gatedRows = 24

  /// Whether gate and up, in this order, can be the projection of a `GatedProduct`.
  package var isGated: Bool {
    parts.count == 2 && parts[0].rowCount == parts[1].rowCount
      && parts[0].rowCount % blockElementCount == 0
      && parts.allSatisfy { $0.format.takesQuantisedActivations }
  }
}

/// `output[t, r] = activation(gate[t, r]) × up[t, r]`, quantised only, for `rows` rows.
///
/// A thread takes the same rows of both matrices, and what it multiplied never leaves its caches.
package struct GatedProduct {
  private let projection: Projection
  private let gate: MatrixPanels
  private let up: MatrixPanels
  private let input: Activations
  private let activation: Activation
  private let rows: Int
  private let output: Activations
  private let scaling: ActivationScaling

  /// - Parameters:
  ///   - projection: one that `isGated`.
  ///   - scaling: how the output is quantised; its columns are a multiple of those that share a scale.
  package init(
    _ projection: Projection, _ input: Activations, _ activation: Activation, rows: Int,
    into output: Activations, quantised scaling: ActivationScaling
  ) {
    self.projection = projection
    gate = MatrixPanels(projection.parts[0])
    up = MatrixPanels(projection.parts[1])
    self.input = input
    self.activation = activation
    self.rows = rows
    self.output = output
    self.scaling = scaling
  }

  /// How the product is cut, in panels of either matrix.
  fileprivate func plan(_ compute: Compute, neighbours: Int) -> CallPlan {
    let cut = projection.cut(
      rows: rows, input.layout(rows: rows), compute, neighbours: neighbours)
    // Half of a run is the gate's; both halves of a group's tokens fit the scratch.
    let unit = Self.blockPanelCount * scaling.blockCount
    let group = ActivationLayout.largestGroup
    let most = Projection.gatedScratch / (2 * panelRowCount * group)
    let panels = max(unit, min(cut.panels / 2, most) / unit * unit)
    // A call begins with the first row of a group.
    let room = Projection.gatedScratch / (2 * panels * panelRowCount)
    return CallPlan(
      panelCount: projection.parts[0].panelCount, panels: panels, rows: rows,
      tokens: max(group, min(cut.tokens, room) / group * group))
  }

  /// A call.
  ///
  /// - Parameter scratch: a row for each worker: room for both products of its rows.
  fileprivate func multiply(
    _ panels: Range<Int>, _ rows: Range<Int>, scratch: FloatRows, worker: Int,
    _ kernels: KernelTable
  ) {
    let count = panels.count * panelRowCount
    let layout = input.layout(rows: self.rows)
    let target = output.layout(rows: self.rows)
    let values = FloatRows(base: scratch.row(worker), stride: 2 * count)
    let others = values.columns(from: count)
    gate.multiply(panels, input, layout, rows, values, kernels.product)
    up.multiply(panels, input, layout, rows, others, kernels.product)
    for (index, row) in rows.enumerated() {
      kernels.gatedActivation(activation, values.row(index), others.row(index), count)
      output.quantise(
        values.row(index), count, scaling, row: row,
        block: panels.lowerBound / Self.blockPanelCount, target, kernels)
    }
  }

  private static let blockPanelCount = blockElementCount / panelRowCount
}

extension Compute {
  /// Does a gated product.
  ///
  /// - Parameter scratch: a row of `Projection.gatedScratch` floats for each thread.
  package func multiply(_ product: GatedProduct, scratch: FloatRows) {
    multiply([product], scratch: scratch)
  }

  /// Does several gated products in one parallel region.
  package func multiply(_ products: [GatedProduct], scratch: FloatRows) {
    withExtendedLifetime(products) {
      forEachCall(of: products.map { $0.plan(self, neighbours: products.count) }) {
        product, panels, rows, worker in
        products[product].multiply(panels, rows, scratch: scratch, worker: worker, kernels)
      }
    }
  }
}
