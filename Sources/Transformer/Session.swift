// One timeline on a model: tokens in, logits out. The level below `Engine`.

import KernelInterface
import TensorCore
public import Tokenizer

/// Which rows of an evaluation give logits.
public enum WantedLogits: Sendable {
  case none, last, all
}

/// A sequence of tokens under evaluation, with its own memory. Calls block until they are done.
///
/// Not thread-safe, and not for Swift's cooperative pool: use a thread of your own.
public final class Session {
  public let model: Model
  /// Tokens that the session may hold.
  public let contextLength: Int
  private let memory: SequenceMemory
  private let workspace: Workspace
  private let batch = Batch()
  /// The row that callers are shown, filled anew for each.
  private var row: [Float] = []

  /// Rows that one forward pass takes.
  private static let maximumRows = 512

  /// - Parameters:
  ///   - model: computes; any number of sessions share it.
  ///   - contextLength: tokens to make room for; nil takes the model's.
  public init(_ model: Model, contextLength: Int? = nil) throws {
    self.model = model
    self.contextLength = contextLength ?? model.contextLength
    guard self.contextLength >= 1, self.contextLength <= Model.contextLengthLimit else {
      throw Model.impossibleContext(self.contextLength)
    }
    try model.checkPositions(self.contextLength)
    let isEncoder = model.info.isEncoder
    let decoder = model.decoder
    memory = try SequenceMemory(
      layers: decoder.blocks.memories, capacity: self.contextLength,
      format: model.cacheFormat.stored)
    workspace = try Workspace(
      decoder.workspaceShape(contextLength: self.contextLength),
      maximumRows: isEncoder ? self.contextLength : min(Self.maximumRows, self.contextLength),
      threadCount: model.threadCount)
  }

  /// Tokens evaluated so far.
  public var position: Int { memory.count }

  /// Bytes of memory for keys and values when the context is full.
  public var memoryBytes: Int { memory.byteCount }

  /// Forgets the tokens from `position` on. A model with recurrent layers may have to go back
  /// further: `self.position` tells where it stands.
  public func truncate(to position: Int) { memory.truncate(to: position) }

  /// Forgets everything and wipes it from memory.
  public func reset() { memory.wipe() }

  /// Appends tokens and gives the logits that were asked for, `[rows, vocabulary]`.
  public func evaluate(_ tokens: [TokenID], logits: WantedLogits) throws -> [Float] {
    var result: [Float] = []
    try evaluate(tokens, logits: logits) { result += $0 }
    return result
  }

  /// Appends tokens and calls `body` with the logits of each wanted row, `[vocabulary]`.
  ///
  /// - Parameters:
  ///   - tokens: follow those that were evaluated before.
  ///   - logits: for which of the tokens they are wanted.
  ///   - isCancelled: is asked between slices of the tokens; true ends with `CancellationError`.
  ///   - body: takes the logits of a row.
  /// - Throws: `ModelError` where they do not fit, or where the model has none.
  public func evaluate(
    _ tokens: [TokenID], logits: WantedLogits, isCancelled: () -> Bool = { false },
    _ body: (_ row: [Float]) throws -> Void
  ) throws {
    try model.checkWriting()
    try slices(of: tokens, isCancelled: isCancelled) { pass in
      try model.decoder.forward(pass) { logits, count in
        for index in 0..<count {
          logits.read(row: index, count: model.info.vocabularyCount, into: &row)
          try body(row)
        }
      }
    } wanted: { index in
      logits == .all || (logits == .last && index == tokens.count - 1) ? .logits : .nothing
    }
  }

  /// Appends tokens and calls `body` with the hidden state of each, `[embeddingLength]`, after the
  /// model's last norm. An encoder's text is one call: what was evaluated before is forgotten.
  ///
  /// - Parameters:
  ///   - tokens: follow those that were evaluated before.
  ///   - isCancelled: is asked between slices of the tokens; true ends with `CancellationError`.
  ///   - body: takes the state of a token.
  public func evaluateHidden(
    _ tokens: [TokenID], isCancelled: () -> Bool = { false },
    _ body: (_ state: [Float]) throws -> Void
  ) throws {
    if model.info.isEncoder { reset() }
    try slices(of: tokens, isCancelled: isCancelled) { pass in
      try model.decoder.hiddenStates(pass) { states, count in
        for index in 0..<count {
          states.read(row: index, count: model.info.embeddingLength, into: &row)
          try body(row)
        }
      }
    } wanted: { _ in
      .hiddenState
    }
  }

  /// Appends tokens, a pass at a time.
  private func slices(
    of tokens: [TokenID], isCancelled: () -> Bool, _ forward: (Pass) throws -> Void,
    wanted: (_ index: Int) -> Row.Wanted
  ) throws {
    let vocabulary = model.info.vocabularyCount
    for token in tokens where token < 0 || Int(token) >= vocabulary {
      throw ModelError(
        .tokenOutOfRange, "the token id \(token) is not in 0..<\(vocabulary), the vocabulary")
    }
    guard tokens.count <= contextLength - memory.count else {
      throw ModelError(
        .contextFull,
        "\(memory.count + tokens.count) tokens do not fit into the context of \(contextLength): "
          + "shorten the text or raise --context")
    }
    for first in stride(from: 0, to: tokens.count, by: workspace.maximumRows) {
      if isCancelled() { throw CancellationError() }
      let end = min(first + workspace.maximumRows, tokens.count)
      for position in try memory.append(end - first) {
        let index = first + batch.rows.count
        batch.append(
          Row(.token(tokens[index]), position: position, wanted: wanted(index)), of: memory)
      }
      defer { batch.removeAll() }
      try forward(Pass(batch: batch, workspace: workspace, compute: model.compute))
      memory.dropOldStates()
    }
  }
}
