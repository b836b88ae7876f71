// Gate and up projections, their activation and its quantised form, in one parallel region.

package import KernelInterface

extension Projection {
  /// Floats of one thread's scratch for `multiplyGated`: what stays in the second-level cache.
  package static let gatedScratch = 64 << 10
  /// Rows from which on it pays: a few are done by the time a thread has fetched its weights.
  package static let gatedRows = 24

  /// Whether gate and up, in this order, can be multiplied by `multiplyGated`.
  package var isGated: Bool {
    parts.count == 2 && parts[0].rowCount == parts[1].rowCount
      && parts[0].rowCount % blockElementCount == 0
      && parts.allSatisfy { $0.format.takesQuantisedActivations }
  }

  /// `output[t, r] = activation(gate[t, r]) × up[t, r]`, quantised only, for `rows` rows.
  ///
  /// A thread takes the same rows of both matrices, and what it multiplied never leaves its caches.
  ///
  /// - Parameters:
  ///   - scaling: how the output is quantised; its columns are a multiple of those that share a scale.
  ///   - scratch: a row of `gatedScratch` floats for each thread.
  package func multiplyGated(
    _ input: Activations, _ activation: Activation, rows: Int, into output: Activations,
    quantised scaling: ActivationScaling, scratch: FloatRows, _ compute: Compute
  ) {
    guard rows > 0 else { return }
    let (gate, up) = (parts[0], parts[1])
    let layout = input.layout(rows: rows)
    let target = output.layout(rows: rows)
    let cut = cut(rows: rows, layout, compute)
    // Half of a run is the gate's; both halves of a group's tokens fit the scratch.
    let blockPanelCount = blockElementCount / panelRowCount
    let unit = blockPanelCount * scaling.blockCount
    let group = ActivationLayout.largestGroup
    let most = Self.gatedScratch / (2 * panelRowCount * group)
    let panels = max(unit, min(cut.panels / 2, most) / unit * unit)
    let width = panels * panelRowCount
    // A call begins with the first row of a group.
    let tokens = max(group, min(cut.tokens, Self.gatedScratch / (2 * width)) / group * group)
    compute.forEachCall(gate.panelCount, panels, rows, tokens) { panels, rows, worker in
      let values = FloatRows(base: scratch.row(worker), stride: 2 * width)
      let others = values.columns(from: width)
      gate.multiply(panels, input, layout, rows, values, compute.kernels)
      up.multiply(panels, input, layout, rows, others, compute.kernels)
      let count = panels.count * panelRowCount
      for (index, row) in rows.enumerated() {
        compute.kernels.gatedActivation(activation, values.row(index), others.row(index), count)
        output.quantise(
          values.row(index), count, scaling, row: row,
          block: panels.lowerBound / blockPanelCount, target, compute.kernels)
      }
    }
  }
}
