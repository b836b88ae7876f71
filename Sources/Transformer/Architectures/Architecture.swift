// What a model family is: a recipe that turns weights into a forward pass.

import TensorCore

/// What the layers of a family may be, which tells what a file must say of them.
package enum LayerKinds: Sendable {
  /// All attend.
  case attention
  /// All attend, with heads and feed-forward lengths that may differ from layer to layer.
  case varied
  /// Some attend: those with key-value heads.
  case mixed
  /// Each is one block: feed-forward where the file names a length, attention where it names key-value heads,
  /// or recurrent.
  case single
  /// None attends, and none has a feed-forward block.
  case recurrent
  /// All attend, also to what follows: such a model turns a text into a vector and writes none.
  case encoder
}

/// A model family: a recipe. Each has one file, which alone knows its name.
package protocol Architecture: Sendable {
  /// The values of `general.architecture` that it answers to.
  static var names: [String] { get }
  static var layerKinds: LayerKinds { get }
  /// Those of its names whose files may hold no embeddings, which are then the head's weights.
  static var namesOfInvertedTies: [String] { get }
  /// Whether norms are around the mean; nil where the file tells by the epsilon that it names.
  static var normIsCentred: Bool? { get }

  /// Takes its tensors from a file.
  static func decoder(_ weights: WeightLoader) throws -> DecoderModel

  /// What each mixer keeps of a position, known before weights are loaded: the same as the decoder's
  /// `blocks.memories`.
  static func memories(_ hyperparameters: Hyperparameters) throws -> [LayerMemoryShape]
}

extension Architecture {
  static var layerKinds: LayerKinds { .attention }
  static var namesOfInvertedTies: [String] { [] }
  static var normIsCentred: Bool? { nil }

  /// Every layer keeps keys and values of all positions.
  static func memories(_ hyperparameters: Hyperparameters) throws -> [LayerMemoryShape] {
    memories(hyperparameters, windows: Array(repeating: nil, count: hyperparameters.blockCount))
  }

  /// Layers that attend keep keys and values of all positions, others what `recurrent` gives.
  static func memories(
    _ hyperparameters: Hyperparameters, recurrent: (Hyperparameters) throws -> LayerMemoryShape
  ) rethrows -> [LayerMemoryShape] {
    let h = hyperparameters
    let all = memories(h, windows: Array(repeating: nil, count: h.blockCount))
    return try all.enumerated().map { h.attends($0) ? $1 : try recurrent(h) }
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
}

/// Every family, in one list.
package let architectures: [any Architecture.Type] = [
  Llama.self, Qwen2.self, Qwen3.self, Gemma.self, Gemma2.self, Gemma3.self, Gemma3n.self,
  Gemma4.self, Mistral3.self, SmolLM3.self, Phi2.self, Phi3.self, Granite.self, GraniteWindows.self,
  OLMo2.self, OLMoE.self, GLM4.self, GLM4MoE.self, DeepSeek2.self, Hunyuan.self, EXAONE4.self,
  CommandR.self, GPT2.self, Cohere2.self, GPTOSS.self, LFM2.self, StarCoder2.self, Arcee.self,
  Apertus.self,
  StableLM.self, Llama4.self, PLaMo3.self, SmallThinker.self, OpenELM.self, MiniCPM3.self,
  Falcon.self, GPTNeoX.self, Qwen35.self, Mamba.self, Mamba2.self, NemotronH.self, FalconH1.self,
  Jamba.self, BERT.self, ModernBERT.self, GemmaEmbedding.self,
]
