// What one transcription works on: scratch, the window that is heard, the tokens written so far.

import TensorCore
package import Tokenizer

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// One timeline on a speech model: a window of sound in, then tokens in and logits out. Calls
/// block. Not thread-safe.
package final class SpeechSession {
  package let model: SpeechModel
  /// The encoder's states of the window, `[positions, width]`.
  let states: FloatRows
  private let encoderMemory: SequenceMemory
  private let sound: SequenceMemory
  private let text: SequenceMemory
  private let wide: Workspace
  private let narrow: Workspace
  private let between: FloatRows
  private let buffer: AlignedBuffer
  private let positions = Batch()
  private let soundPositions = Batch()
  private let batch = Batch()

  /// Throws where the system has not so much memory.
  package init(_ model: SpeechModel) throws {
    self.model = model
    let h = model.hyperparameters
    let (rows, width) = (h.audioContextLength, h.audioWidth)
    encoderMemory = try SequenceMemory(
      layers: [model.encoder.memory], capacity: rows, format: model.cacheFormat)
    sound = try SequenceMemory(
      layers: model.decoder.crossMemories, capacity: rows, format: model.cacheFormat)
    text = try SequenceMemory(
      layers: model.decoder.memories, capacity: h.textContextLength, format: model.cacheFormat)
    var shape = WorkspaceShape(width: width, contextLength: rows)
    model.encoder.size(&shape)
    for layer in model.decoder.layers { layer.cross.sizeStored(&shape) }
    // Nothing is turned, by angles of which there are none.
    shape.angleCounts = [0]
    wide = try Workspace(shape, maximumRows: rows, threadCount: model.threadCount)
    shape = WorkspaceShape(width: width, contextLength: max(rows, h.textContextLength))
    model.decoder.size(&shape)
    shape.angleCounts = [0]
    narrow = try Workspace(
      shape, maximumRows: h.textContextLength, threadCount: model.threadCount)
    let betweenCount = SpeechConvolutions.betweenCount(h)
    buffer = try AlignedBuffer(byteCount: 4 * (betweenCount + rows * width), privacy: .undumped)
    between = FloatRows(base: buffer.floats, stride: width)
    states = FloatRows(base: buffer.floats + betweenCount, stride: width)
    for (batch, memory) in [(positions, encoderMemory), (soundPositions, sound)] {
      for position in try memory.append(rows) {
        batch.append(Row(.token(0), position: position, wanted: .hiddenState), of: memory)
      }
    }
  }

  deinit { buffer.wipe(usedBytes: buffer.byteCount) }

  /// Hears a window; the tokens so far are forgotten.
  ///
  /// - Parameter isCancelled: is asked between layers; true ends with `CancellationError`.
  package func hear(_ window: SpeechWindow, isCancelled: () -> Bool = { false }) throws {
    forget()
    let pass = Pass(batch: positions, workspace: wide, compute: model.compute)
    try model.encoder.forward(
      window, pass, between: between, into: states, isCancelled: isCancelled)
    let stored = Pass(batch: soundPositions, workspace: wide, compute: model.compute)
    for (index, layer) in model.decoder.layers.enumerated() {
      if isCancelled() { throw CancellationError() }
      layer.cross.store(states, stored, layer: index)
    }
  }

  /// Forgets the tokens, and not the window.
  package func forget() { text.truncate(to: 0) }

  /// Forgets the tokens from `position` on.
  package func goBack(to position: Int) { text.truncate(to: position) }

  /// Tokens evaluated so far.
  package var position: Int { text.count }

  /// Takes tokens and gives the logits behind those at the places in `wanted`, in order.
  package func evaluate(_ tokens: [TokenID], wanted: [Int]) throws -> [[Float]] {
    defer { batch.removeAll() }
    for (index, position) in try text.append(tokens.count).enumerated() {
      batch.append(
        Row(
          .token(tokens[index]), position: position,
          wanted: wanted.contains(index) ? .logits : .nothing), of: text)
    }
    var rows: [[Float]] = []
    let pass = Pass(batch: batch, workspace: narrow, compute: model.compute)
    model.decoder.forward(pass, sound: sound) { logits, count in
      for row in 0..<count {
        rows.append(logits.read(row: row, count: model.hyperparameters.vocabularyCount))
      }
    }
    return rows
  }

  /// Takes tokens anew and gives for each how likely the one behind it is among words, 0 where that is
  /// none, and what the alignment heads look at in the first `positionCount` positions of the window.
  ///
  /// - Parameter isCancelled: is asked between heads; true ends with `CancellationError`.
  func align(
    _ tokens: [TokenID], positionCount: Int, isCancelled: () -> Bool
  ) throws -> (probabilities: [Float], weights: AlignmentWeights) {
    forget()
    defer { batch.removeAll() }
    for (index, position) in try text.append(tokens.count).enumerated() {
      batch.append(
        Row(.token(tokens[index]), position: position, wanted: .logits), of: text)
    }
    var probabilities: [Float] = []
    let wordCount = Int(model.vocabulary.endOfText)
    var weights = try AlignmentWeights(rowCount: tokens.count, positionCount: positionCount)
    var isStopped = false
    let pass = Pass(batch: batch, workspace: narrow, compute: model.compute)
    let stored = Pass(batch: soundPositions, workspace: wide, compute: model.compute)
    model.decoder.forward(pass, sound: sound) { layer, queries in
      let heads = model.alignment.heads(of: layer)
      guard !heads.isEmpty, !isStopped else { return }
      let cross = model.decoder.layers[layer].cross
      cross.projectKeys(states, stored)
      for head in heads where !isStopped {
        score(queries, wide.projected, head, cross.heads, into: weights)
        weights.addHead()
        isStopped = isCancelled()
      }
    } _: { rows, count in
      guard !isStopped else { return }
      for row in 0..<count {
        let next = probabilities.count + 1
        guard next < tokens.count, tokens[next] < wordCount else {
          probabilities.append(0)
          continue
        }
        let words = rows.read(row: row, count: wordCount)
        probabilities.append(expf(words[Int(tokens[next])] - LogSum.of(words[...])))
      }
    }
    if isStopped { throw CancellationError() }
    return (probabilities, weights)
  }

  /// Fills the scores of a head, `[rows, positions]`.
  private func score(
    _ queries: FloatRows, _ keys: FloatRows, _ head: Int, _ heads: AttentionHeads,
    into weights: AlignmentWeights
  ) {
    let length = heads.keyLength
    let (queries, keys) = (
      queries.columns(from: head * length), keys.columns(from: head * length)
    )
    let (scores, positions) = (weights.scores, weights.positionCount)
    model.compute.pool.forEach(weights.rowCount) { rows, _ in
      for row in rows {
        let query = queries.row(row)
        for position in 0..<positions {
          let key = keys.row(position)
          var sum: Float = 0
          for index in 0..<length { sum += query[index] * key[index] }
          scores[row * positions + position] = sum * heads.scale
        }
      }
    }
  }

  /// The encoder's states, copied.
  package var stateValues: [Float] {
    let h = model.hyperparameters
    return (0..<h.audioContextLength).flatMap { states.read(row: $0, count: h.audioWidth) }
  }
}
