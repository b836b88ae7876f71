// The front of the encoder: two convolutions over time, the second of which halves its rate.

import TensorCore

/// `gelu(conv2(gelu(conv1(window))))`, both of width 3 with a zero on either side.
struct SpeechConvolutions: Sendable {
  private let first: Projection
  private let firstBias: Vector
  private let second: Projection
  private let secondBias: Vector
  private let bandCount: Int
  private let width: Int

  private static let kernelWidth = 3

  init(_ weights: SpeechWeights) throws {
    let h = weights.hyperparameters
    (bandCount, width) = (h.bandCount, h.audioWidth)
    first = Projection(
      try weights.kernel(
        "encoder.conv1.weight", outputs: width, inputs: bandCount, width: Self.kernelWidth))
    firstBias = try weights.vector("encoder.conv1.bias", count: width)
    second = Projection(
      try weights.kernel(
        "encoder.conv2.weight", outputs: width, inputs: width, width: Self.kernelWidth))
    secondBias = try weights.vector("encoder.conv2.bias", count: width)
  }

  func size(_ shape: inout WorkspaceShape) {
    shape.include(first)
    shape.include(second)
  }

  /// Floats of what stands between the two: a row of zeros on either side.
  static func betweenCount(_ h: SpeechHyperparameters) -> Int {
    (h.windowFrameCount + 2) * h.audioWidth
  }

  /// Fills `workspace.hidden`, a row for two frames.
  ///
  /// - Parameters:
  ///   - rows: half as many as the window has frames.
  ///   - between: rows of the width, of which the first and the last are zeros.
  func forward(
    _ window: SpeechWindow, rows: Int, between: FloatRows, _ workspace: Workspace,
    _ compute: Compute
  ) {
    let input = workspace.input(columns: first.columnCount)
    // As many rows as the workspace has, twice.
    for half in 0..<2 {
      compute.forEachRow(rows) { row in
        Self.gather(inputs: bandCount, into: input.floats.rows(from: row)) { part, band in
          window.values[(half * rows + row + part) * bandCount + band]
        }
      }
      compute.quantise(input, for: first, rows: rows)
      first.multiply(input, rows: rows, into: workspace.projected, compute)
      finish(
        firstBias, workspace, rows: rows, into: between.rows(from: half * rows + 1), compute)
    }
    let wide = workspace.input(columns: second.columnCount)
    compute.forEachRow(rows) { row in
      let source = between.row(2 * row)
      Self.gather(inputs: width, into: wide.floats.rows(from: row)) { part, channel in
        source[part * between.stride + channel]
      }
    }
    compute.quantise(wide, for: second, rows: rows)
    second.multiply(wide, rows: rows, into: workspace.projected, compute)
    finish(secondBias, workspace, rows: rows, into: workspace.hidden, compute)
  }

  /// The inputs of a row, the first of `rows`, in the order of the weights: three times each
  /// channel.
  @inline(__always)
  private static func gather(
    inputs: Int, into rows: FloatRows, _ value: (_ part: Int, _ channel: Int) -> Float
  ) {
    let row = rows.row(0)
    for channel in 0..<inputs {
      for part in 0..<kernelWidth { row[channel * kernelWidth + part] = value(part, channel) }
    }
  }

  private func finish(
    _ bias: Vector, _ workspace: Workspace, rows: Int, into target: FloatRows, _ compute: Compute
  ) {
    compute.add(bias, to: workspace.projected, rows: rows)
    compute.activate(
      .gelu, workspace.projected, rows: rows,
      into: Activations(
        floats: target, quantised: workspace.input(columns: width).quantised, columns: width),
      quantised: nil)
  }
}
