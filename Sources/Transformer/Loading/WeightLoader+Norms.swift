// Norms as files have them.

package import TensorCore

extension WeightLoader {
  /// A norm, around the mean and with a bias or not, as the file has it.
  package func norm(_ name: String, count: Int) throws -> Norm {
    guard normsHaveWeights else {
      return try Norm(
        unweighted: count, epsilon: hyperparameters.normEpsilon,
        isCentred: hyperparameters.normIsCentred)
    }
    // Some norms are called by their layer's part alone.
    let stem = name.hasSuffix("weight") ? String(name.dropLast("weight".count)) : name + "."
    return Norm(
      try vector(name, count: count), bias: try optionalVector(stem + "bias", count: count),
      epsilon: hyperparameters.normEpsilon,
      isCentred: hyperparameters.normIsCentred)
  }

  /// The norms of a layer's queries and keys, of each head or of all heads together.
  package func readHeadNorms(
    of layer: Int, into heads: inout AttentionHeads, together: Bool = false
  ) throws {
    func read(_ name: String, _ headCount: Int) throws -> HeadNorm {
      HeadNorm(
        try norm(
          "blk.\(layer).\(name).weight", count: heads.keyLength * (together ? headCount : 1)),
        isTogether: together)
    }
    heads.queryNorm = try read("attn_q_norm", heads.headCount)
    heads.keyNorm = try read("attn_k_norm", heads.keyValueHeadCount)
  }

  /// The norms of a layer's queries and keys, with weights of its own for each head.
  package func readNormsOfEachHead(of layer: Int, into heads: inout AttentionHeads) throws {
    func read(_ name: String, _ headCount: Int) throws -> HeadNorm {
      let weights = try table(
        "blk.\(layer).\(name).weight", shape: [heads.keyLength, headCount])
      return HeadNorm(
        Norm(
          weights, epsilon: hyperparameters.normEpsilon,
          isCentred: hyperparameters.normIsCentred))
    }
    heads.queryNorm = try read("attn_q_norm", heads.headCount)
    heads.keyNorm = try read("attn_k_norm", heads.keyValueHeadCount)
  }
}
