// All scratch of a forward pass, sized once.

package import TensorCore

/// The sizes that a model's forward pass needs.
package struct WorkspaceShape: Sendable {
  /// Values of the hidden state.
  package var width: Int
  /// Positions of a sequence, at most.
  package var contextLength: Int
  /// The widest input of any projection.
  package var inputWidth = 0
  /// The widest values that are gated as they are multiplied; 0 where no layer does that.
  package var gatedWidth = 0
  /// The widest output of any projection but the head.
  package var outputWidth = 0
  /// The width of the head's output.
  package var headWidth = 0
  /// The width of what waits beside the hidden state (`Workspace.sum`); 0 where nothing does.
  package var sumWidth = 0
  /// The width of rows that are kept while experts take them; 0 where no layer has experts.
  package var normedWidth = 0
  /// The width of what tokens tell all layers; 0 where they tell none.
  package var layerInputWidth = 0
  /// The width of all residual streams of a row; 0 where there is one, the hidden state.
  package var streamWidth = 0
  /// Floats of one thread's attention scratch.
  package var attentionScratch = 0
  /// Floats of the states of one row's attention, split over threads.
  package var attentionStates = 0
  /// Values of a row's angles for each rotary embedding in use.
  package var angleCounts: [Int] = []

  package init(width: Int, contextLength: Int) {
    self.width = width
    self.contextLength = contextLength
  }

  /// Makes room for a projection's input and output.
  package mutating func include(_ projection: Projection) {
    inputWidth = max(inputWidth, projection.columnCount)
    outputWidth = max(outputWidth, projection.outputStride)
  }
}

/// Scratch for one forward pass of at most `maximumRows` rows; one thread at a time.
package final class Workspace {
  package let maximumRows: Int
  /// The residual stream `[rows, width]`.
  package let hidden: FloatRows
  /// Values of a row of it.
  package let width: Int
  /// What waits beside the hidden state, `[rows, width]`: what parallel blocks, experts or a
  /// token's input of a layer add up, a product of low rank, or a layer's input for what reads it
  /// later.
  package let sum: FloatRows
  /// Values of a row of it; 0 where nothing waits.
  package let sumWidth: Int
  /// What experts take their rows from, `[rows, width]`.
  package let normed: FloatRows
  /// What tokens tell each layer, side by side, `[rows, layers × length]`.
  package let layerInputs: FloatRows
  /// Values of a row of it; 0 where they tell none.
  package let layerInputWidth: Int
  /// Residual streams of each row, side by side, `[rows, streams × width]`.
  package let streams: FloatRows
  /// Values of a row of it; 0 where there is one stream, the hidden state.
  package let streamWidth: Int
  /// Outputs of projections.
  package let projected: FloatRows
  /// `[2 headRows, headWidth]`: a head may take each row in two parts.
  package let logits: FloatRows
  /// Rows that the head takes at once.
  package let headRows: Int
  package let attentionScratch: AttentionScratch
  /// Scratch of each thread for gated projections.
  package let gatedScratch: FloatRows
  /// Cosines and sines of each row, for each rotary embedding.
  package let angles: [FloatRows]
  private let inputs: FloatRows
  private let quantised: AlignedBuffer
  private let gatedValues: AlignedBuffer
  private let floats: AlignedBuffer

  /// - Parameter isLocked: whether the memory stays out of swap.
  package init(
    _ shape: WorkspaceShape, maximumRows: Int, threadCount: Int, isLocked: Bool = false
  ) throws(AllocationError) {
    let privacy = isLocked ? AlignedBuffer.Privacy.locked : .undumped
    let inputRows = max(2, maximumRows)
    self.maximumRows = maximumRows
    headRows = min(inputRows / 2, 16)
    var offset = 0
    var views: [(offset: Int, stride: Int)] = []
    func reserve(_ width: Int, _ rows: Int) {
      let stride = (width + 31) / 32 * 32
      views.append((offset, stride))
      offset += stride * rows + 32
    }
    reserve(shape.width, maximumRows)
    reserve(shape.outputWidth, maximumRows)
    reserve(shape.headWidth, 2 * headRows)
    reserve(shape.attentionScratch, threadCount)
    reserve(shape.attentionStates, 2)
    reserve(max(shape.inputWidth, shape.width), inputRows)
    reserve(shape.sumWidth, maximumRows)
    reserve(shape.gatedWidth > 0 ? Projection.gatedScratch : 0, threadCount)
    reserve(shape.normedWidth, maximumRows)
    reserve(shape.layerInputWidth, maximumRows)
    reserve(shape.streamWidth, maximumRows)
    for count in shape.angleCounts { reserve(count, maximumRows) }
    let floats = try AlignedBuffer(byteCount: offset * 4, privacy: privacy)
    func rows(_ index: Int) -> FloatRows {
      FloatRows(base: floats.floats + views[index].offset, stride: views[index].stride)
    }
    hidden = rows(0)
    projected = rows(1)
    logits = rows(2)
    attentionScratch = AttentionScratch(
      threads: rows(3),
      states: rows(4), stateRowCount: 2)
    inputs = rows(5)
    sum = rows(6)
    gatedScratch = rows(7)
    normed = rows(8)
    layerInputs = rows(9)
    layerInputWidth = shape.layerInputWidth
    streams = rows(10)
    streamWidth = shape.streamWidth
    angles = shape.angleCounts.indices.map { rows(11 + $0) }
    width = shape.width
    sumWidth = shape.sumWidth
    self.floats = floats
    func blocks(_ width: Int) throws(AllocationError) -> AlignedBuffer {
      try AlignedBuffer(
        byteCount: Activations.quantisedBytes(rows: inputRows, columns: (width + 31) / 32 * 32),
        privacy: privacy)
    }
    quantised = try blocks(max(shape.inputWidth, shape.width))
    gatedValues = try blocks(shape.gatedWidth)
  }

  deinit {
    floats.wipe(usedBytes: floats.byteCount)
    quantised.wipe(usedBytes: quantised.byteCount)
    gatedValues.wipe(usedBytes: gatedValues.byteCount)
  }

  /// Gated values, `columns` wide, in quantised form alone.
  package func gated(columns: Int) -> Activations {
    Activations(floats: inputs, quantised: gatedValues.base, columns: columns)
  }

  /// The input of the next projection, `columns` wide.
  package func input(columns: Int) -> Activations {
    Activations(floats: inputs, quantised: quantised.base, columns: columns)
  }
}
