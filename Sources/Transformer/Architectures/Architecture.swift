// What a model family is: a recipe that turns weights into a forward pass.

package import TensorCore

/// A model family. Each has one file, which alone knows its name.
package protocol Architecture: Sendable {
  /// The values of `general.architecture` that it answers to.
  static var names: [String] { get }

  /// Takes its tensors from a file.
  init(_ weights: WeightLoader) throws

  /// What one layer after another keeps of a position.
  var layerMemories: [LayerMemoryShape] { get }
  /// The rotary embeddings that its layers use by index.
  var rotaries: [RotaryEmbedding] { get }
  var head: OutputHead { get }

  /// Makes room for its layers.
  func size(_ shape: inout WorkspaceShape)

  /// Takes the batch through all layers; the residual stream is in `workspace.hidden` after.
  /// `workspace.angles` holds each row's angles before.
  func forward(_ pass: Pass)
}

/// Every family, in one list.
package let architectures: [any Architecture.Type] = [Llama.self, Gemma3.self]
