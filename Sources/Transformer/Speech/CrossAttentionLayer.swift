// Attention of a text to what the encoder made of the sound.

import TensorCore

/// An attention block `target += output(attend(query(norm(hidden))))` over keys and values of the
/// encoder's states, which are stored once for a window.
struct CrossAttentionLayer: Sendable {
  let heads: AttentionHeads
  let norm: Norm
  let query: Projection
  let queryBias: Vector
  /// Key and value.
  private let inputs: Projection
  /// Key alone.
  private let keys: Projection
  private let valueBias: Vector
  private let output: Projection
  private let outputBias: Vector

  /// - Parameter name: such as `decoder.blocks.0`.
  init(_ weights: SpeechWeights, _ name: String, heads: AttentionHeads) throws {
    let parts = try weights.attentionParts(name + ".cross_attn")
    norm = try weights.norm(name + ".cross_attn_ln")
    query = Projection(parts.query)
    queryBias = parts.queryBias
    inputs = Projection([parts.key, parts.value])
    keys = Projection(parts.key)
    valueBias = parts.valueBias
    output = Projection(parts.output)
    outputBias = parts.outputBias
    self.heads = heads
  }

  func size(_ shape: inout WorkspaceShape) {
    shape.include(query)
    shape.include(output)
    heads.size(&shape)
  }

  /// Makes room for `store` alone.
  func sizeStored(_ shape: inout WorkspaceShape) { shape.include(inputs) }

  /// Stores keys and values of the encoder's states.
  ///
  /// - Parameters:
  ///   - states: `[positions, width]`.
  ///   - pass: a row for each position, all of the memory that keeps them.
  func store(_ states: FloatRows, _ pass: Pass, layer: Int) {
    let (workspace, compute, rows) = (pass.workspace, pass.compute, pass.rowCount)
    let input = workspace.input(columns: inputs.columnCount)
    compute.apply(nil, to: states, rows: rows, into: input, quantised: inputs.scaling)
    inputs.multiply(input, rows: rows, into: workspace.projected, compute)
    let values = workspace.projected.columns(from: inputs.offsets[1])
    compute.add(valueBias, to: values, rows: rows)
    compute.storeHeads(
      heads, query: workspace.projected, key: workspace.projected, value: values,
      angles: workspace.angles[0], runs: pass.batch.attentionRuns(layer: layer))
  }

  /// Leaves the keys of the encoder's states in `workspace.projected`, `[positions, width]`.
  func projectKeys(_ states: FloatRows, _ pass: Pass) {
    let (workspace, compute, rows) = (pass.workspace, pass.compute, pass.rowCount)
    let input = workspace.input(columns: keys.columnCount)
    compute.apply(nil, to: states, rows: rows, into: input, quantised: keys.scaling)
    keys.multiply(input, rows: rows, into: workspace.projected, compute)
  }

  /// Attends for all rows of the pass.
  ///
  /// - Parameters:
  ///   - cache: what `store` has filled.
  ///   - end: positions of it.
  ///   - queries: takes the queries of all rows, `[rows, width]`, good during the call alone.
  func forward(
    _ pass: Pass, cache: LayerCache, end: Int, into target: FloatRows,
    queries: (FloatRows) -> Void = { _ in }
  ) {
    let (workspace, compute, rows) = (pass.workspace, pass.compute, pass.rowCount)
    projectQueries(pass)
    queries(workspace.projected)
    let attended = workspace.input(columns: output.columnCount)
    compute.attend(
      heads, query: workspace.projected, output: attended.floats,
      runs: [
        AttentionRun(
          rows: 0..<rows, positions: Array(repeating: end - 1, count: rows), cache: cache, end: end)
      ], scratch: workspace.attentionScratch)
    compute.quantise(attended, for: output, rows: rows)
    output.multiply(attended, rows: rows, into: workspace.projected, compute)
    compute.add(outputBias, to: workspace.projected, rows: rows)
    compute.add(workspace.projected, to: target, columns: workspace.width, rows: rows)
  }

  /// Leaves the queries of all rows in `workspace.projected`.
  private func projectQueries(_ pass: Pass) {
    let (workspace, compute, rows) = (pass.workspace, pass.compute, pass.rowCount)
    let normed = workspace.input(columns: workspace.width)
    compute.apply(norm, to: workspace.hidden, rows: rows, into: normed, quantised: query.scaling)
    query.multiply(normed, rows: rows, into: workspace.projected, compute)
    compute.add(queryBias, to: workspace.projected, rows: rows)
  }
}
