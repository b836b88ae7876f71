// The parts that both halves of a speech model are made of, under the names of its file.

import TensorCore

extension SpeechWeights {
  /// What attends in a layer: four products, of which that of keys has no bias.
  struct AttentionParts {
    let query: PackedMatrix
    let key: PackedMatrix
    let value: PackedMatrix
    let output: PackedMatrix
    let queryBias: Vector
    let valueBias: Vector
    let outputBias: Vector
  }

  /// - Parameter name: such as `encoder.blocks.0.attn`.
  func attentionParts(_ name: String) throws -> AttentionParts {
    let width = hyperparameters.textWidth
    func matrix(_ part: String) throws -> PackedMatrix {
      try self.matrix("\(name).\(part).weight", rows: width, columns: width)
    }
    func bias(_ part: String) throws -> Vector {
      try vector("\(name).\(part).bias", count: width)
    }
    return AttentionParts(
      query: try matrix("query"), key: try matrix("key"), value: try matrix("value"),
      output: try matrix("out"), queryBias: try bias("query"), valueBias: try bias("value"),
      outputBias: try bias("out"))
  }

  /// Self-attention with its norm.
  func attention(_ name: String, heads: AttentionHeads) throws -> AttentionLayer {
    let parts = try attentionParts(name + ".attn")
    return AttentionLayer(
      norm: try norm(name + ".attn_ln"),
      inputs: Projection([parts.query, parts.key, parts.value]),
      inputBiases: [parts.queryBias, nil, parts.valueBias], output: Projection(parts.output),
      outputBias: parts.outputBias, heads: heads)
  }

  /// The feed-forward block with its norm.
  func feedForward(_ name: String) throws -> PlainFeedForwardLayer {
    let width = hyperparameters.textWidth
    return PlainFeedForwardLayer(
      norm: try norm(name + ".mlp_ln"),
      input: Projection(try matrix(name + ".mlp.0.weight", rows: 4 * width, columns: width)),
      inputBias: try vector(name + ".mlp.0.bias", count: 4 * width),
      output: Projection(try matrix(name + ".mlp.2.weight", rows: width, columns: 4 * width)),
      outputBias: try vector(name + ".mlp.2.bias", count: width), activation: .gelu)
  }

  /// Heads that share the width.
  func heads(count: Int, isCausal: Bool) -> AttentionHeads {
    let length = hyperparameters.textWidth / count
    var heads = AttentionHeads(
      headCount: count, keyValueHeadCount: count, keyLength: length, valueLength: length,
      scale: 1 / Float(length).squareRoot())
    heads.isCausal = isCausal
    return heads
  }
}

extension AttentionHeads {
  /// What a layer with these heads keeps of each position.
  var memory: LayerMemoryShape {
    LayerMemoryShape(
      headCount: keyValueHeadCount, keyLength: keyLength, valueLength: valueLength)
  }

  /// Makes room for them to attend.
  func size(_ shape: inout WorkspaceShape) {
    shape.attentionScratch = max(shape.attentionScratch, AttentionScratch.floatCount(self))
    shape.attentionStates = max(
      shape.attentionStates,
      AttentionScratch.stateCount(self, positions: shape.contextLength))
  }
}
