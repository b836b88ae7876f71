// What a model family is: a recipe that turns weights into a forward pass.

package import TensorCore

/// What the layers of a family may be, which tells what a file must say of them.
package enum LayerKinds: Sendable {
  /// All attend.
  case attention
  /// Some attend: those with key-value heads.
  case mixed
  /// None attends, and none has a feed-forward block.
  case recurrent
}

/// A model family. Each has one file, which alone knows its name.
package protocol Architecture: Sendable {
  /// The values of `general.architecture` that it answers to.
  static var names: [String] { get }
  static var layerKinds: LayerKinds { get }

  /// Takes its tensors from a file.
  init(_ weights: WeightLoader) throws

  var embedding: TokenEmbedding { get }
  var blocks: DecoderBlocks { get }
  /// The rotary embeddings that its layers use by index.
  var rotaries: [RotaryEmbedding] { get }
  var head: OutputHead { get }

  /// What each layer keeps of a position, known before weights are loaded: the same as
  /// `blocks.memories`.
  static func memories(_ hyperparameters: Hyperparameters) throws -> [LayerMemoryShape]
}

extension Architecture {
  static var layerKinds: LayerKinds { .attention }

  /// Every layer keeps keys and values of all positions.
  static func memories(_ hyperparameters: Hyperparameters) throws -> [LayerMemoryShape] {
    memories(hyperparameters, windows: Array(repeating: nil, count: hyperparameters.blockCount))
  }

  /// Every layer keeps keys and values of the positions in its window; nil for all.
  static func memories(
    _ hyperparameters: Hyperparameters, windows: [Int?]
  ) -> [LayerMemoryShape] {
    let h = hyperparameters
    return windows.map {
      LayerMemoryShape(
        headCount: h.keyValueHeadCount, keyLength: h.keyLength, valueLength: h.valueLength,
        window: $0)
    }
  }

  /// The sizes of a forward pass over sequences of so many tokens.
  func workspaceShape(contextLength: Int) -> WorkspaceShape {
    var shape = WorkspaceShape(
      width: embedding.table.columnCount, contextLength: contextLength)
    blocks.size(&shape)
    head.size(&shape)
    shape.angleCounts = rotaries.map(\.dimensionCount)
    return shape
  }

  /// Takes the batch through all layers and calls `body` with the logits of the rows that want
  /// them, `[rows, vocabulary]`, a few rows at a time and in order.
  func forward(_ pass: Pass, _ body: (_ logits: FloatRows, _ rows: Int) throws -> Void) rethrows {
    try head.forward(hidden(of: pass), body)
  }

  /// Takes the batch through all layers and calls `states` with what `hiddenStates` gives, then
  /// `logits` with what `forward` gives.
  func forward(
    _ pass: Pass, states: (_ states: FloatRows, _ rows: Int) -> Void,
    logits: (_ logits: FloatRows, _ rows: Int) -> Void
  ) {
    let pass = hidden(of: pass)
    head.hiddenStates(pass, states)
    head.forward(pass, logits)
  }

  /// Takes the batch through all layers and calls `body` with the hidden states of the rows that want
  /// them, `[rows, width]`, after the last norm and in order.
  func hiddenStates(
    _ pass: Pass, _ body: (_ states: FloatRows, _ rows: Int) throws -> Void
  ) rethrows {
    try head.hiddenStates(hidden(of: pass), body)
  }

  /// Takes the batch through all layers; the pass of the rows that want anything.
  private func hidden(of pass: Pass) -> Pass {
    for (angles, rotary) in zip(pass.workspace.angles, rotaries) {
      for (index, row) in pass.batch.rows.enumerated() {
        rotary.writeAngles(at: row.position, to: angles, row: index)
      }
    }
    embedding.forward(pass)
    return blocks.forward(pass)
  }
}

/// Every family, in one list.
package let architectures: [any Architecture.Type] = [
  Llama.self, Qwen2.self, Qwen3.self, Gemma.self, Gemma2.self, Gemma3.self, Mistral3.self,
  SmolLM3.self,
  Phi3.self, Granite.self, OLMo2.self, OLMoE.self, GLM4.self, EXAONE4.self, CommandR.self,
  Cohere2.self, LFM2.self,
  GPTOSS.self, Mamba.self,
]
