// The numbers that describe a model, read from its metadata and checked before use.

package import TensorCore

/// Sizes and constants that most families share. Keys are those of the GGUF specification.
package struct Hyperparameters: Sendable {
  /// `general.architecture`, the prefix of the family's keys.
  package let architecture: String
  /// Layers, those that predict a token beyond the next (DeepSeek 2024) not among them: text is written
  /// without them.
  package let blockCount: Int
  /// Layers behind `blockCount`, which predict a token beyond the next.
  let predictionBlockCount: Int
  /// Values of a row of the hidden state.
  package let embeddingLength: Int
  /// The largest of all layers.
  package let headCount: Int
  /// Heads of each layer that attends.
  package let headCounts: [Int]
  /// The largest of all layers.
  package let keyValueHeadCount: Int
  /// Key-value heads of each layer that attends.
  package let keyValueHeadCounts: [Int]
  /// Values of a head's query and key.
  package let keyLength: Int
  /// Values of a head's value.
  package let valueLength: Int
  /// The largest of all layers.
  package let feedForwardLength: Int
  /// The feed-forward length of each layer; 0 for one without such a block.
  package let feedForwardLengths: [Int]
  /// Tokens of context that the model was trained for.
  package let contextLength: Int
  /// Tokens of the vocabulary: rows of the embeddings.
  package let vocabularyCount: Int
  /// The tensor of the embeddings.
  package let embeddingName: String
  /// What norms add to the mean square, or to the variance, finite and from 0 on.
  package let normEpsilon: Float
  /// Whether norms are around the mean: files name another epsilon for them.
  package let normIsCentred: Bool
  /// θ: the i-th pair of n values turns by θ^(-2 i / n) a position; above 0.
  package let rotaryBase: Float
  /// Values of a head that turn, even; the rest stays as it is.
  package let rotaryDimensionCount: Int
  /// Whether the model has learned a vector for each position of its context, and knows no others.
  package let hasLearnedPositions: Bool
  /// Whether the family sees what follows, and writes no text.
  package let isEncoder: Bool

  let path: String
  let metadata: GGUFMetadata
  /// Whether each layer has key-value heads.
  let layersAttend: [Bool]

  /// Reads and checks; nothing is allocated by these numbers before they passed. Of families without
  /// attention the numbers of heads, and the feed-forward length, are 0.
  package init(_ file: GGUFFile, _ family: any Architecture.Type) throws {
    let kinds = family.layerKinds
    let metadata = file.metadata
    let path = file.path
    self.metadata = metadata
    self.path = path
    let architecture = try metadata.requiredString("general.architecture")
    self.architecture = architecture
    isEncoder = kinds == .encoder
    hasLearnedPositions = file.tensor(named: "position_embd.weight") != nil

    func positive(_ key: String, at most: Int, default value: Int? = nil) throws -> Int {
      let key = "\(architecture).\(key)"
      let found = try value == nil ? metadata.requiredInt(key) : metadata.int(key) ?? value!
      guard found >= 1, found <= most else {
        throw ModelError(
          .badMetadata, "\(path): \(key) is \(found), expected a number from 1 to \(most)")
      }
      return found
    }

    guard !file.tensors.isEmpty else {
      throw ModelError(
        .missingTensor, "\(path): holds a vocabulary alone, no weights: it can only tokenize")
    }
    let allBlockCount = try positive("block_count", at: file.tensors.count)
    let predictionKey = "\(architecture).nextn_predict_layers"
    predictionBlockCount = try metadata.int(predictionKey) ?? 0
    guard (0..<allBlockCount).contains(predictionBlockCount) else {
      throw ModelError(
        .badMetadata,
        "\(path): \(predictionKey) is \(predictionBlockCount), expected a number from 0 to "
          + "\(allBlockCount - 1)")
    }
    let blockCount = allBlockCount - predictionBlockCount
    self.blockCount = blockCount
    embeddingLength = try positive("embedding_length", at: 1 << 20)
    let isTied =
      file.tensor(named: "token_embd.weight") == nil
      && family.namesOfInvertedTies.contains(architecture)
    embeddingName = isTied ? "output.weight" : "token_embd.weight"
    guard let embeddings = file.tensor(named: embeddingName) else {
      throw ModelError(
        .missingTensor, "\(path): lacks the tensor \(embeddingName): the file is incomplete")
    }
    guard embeddings.shape.count == 2, embeddings.shape[0] == embeddingLength else {
      throw ModelError(
        .wrongShape,
        "\(path): the tensor \(embeddingName) has the shape \(embeddings.shape), expected "
          + "\(embeddingLength) columns (\(architecture).embedding_length)")
    }
    vocabularyCount = embeddings.shape[1]
    contextLength = try positive("context_length", at: 1 << 40)
    let rootKey = "\(architecture).attention.layer_norm_rms_epsilon"
    let centredKey = "\(architecture).attention.layer_norm_epsilon"
    // Files may name both, of which the other says nothing, or the other alone.
    let centres = isEncoder || metadata[rootKey] == nil
    normIsCentred = family.normIsCentred ?? (metadata[centredKey] != nil && centres)
    let (named, other) = normIsCentred ? (centredKey, rootKey) : (rootKey, centredKey)
    let isOther = family.normIsCentred != nil && metadata[named] == nil && metadata[other] != nil
    let epsilonKey = isOther ? other : named
    normEpsilon = try metadata.requiredFloat(epsilonKey)
    guard normEpsilon.isFinite, normEpsilon >= 0 else {
      throw ModelError(
        .badMetadata,
        "\(path): \(epsilonKey) is \(normEpsilon), expected a finite number from 0 on")
    }
    guard kinds != .recurrent else {
      (headCount, keyValueHeadCount, keyLength, valueLength) = (0, 0, 0, 0)
      (feedForwardLength, rotaryBase, rotaryDimensionCount) = (0, 1, 0)
      (headCounts, keyValueHeadCounts, feedForwardLengths) = ([], [], [])
      layersAttend = Array(repeating: false, count: blockCount)
      return
    }
    let causalKey = "\(architecture).attention.causal"
    guard try metadata.bool(causalKey) ?? !isEncoder != isEncoder else {
      throw ModelError(
        .unsupported,
        "\(path): \(causalKey) is \(isEncoder), which is not supported: in this family a token "
          + "sees \(isEncoder ? "what follows it too" : "nothing of what follows it")")
    }
    // Files whose layers all have experts may name no other length.
    feedForwardLengths = try Self.numbers(
      "\(architecture).feed_forward_length", metadata, path, count: blockCount,
      all: allBlockCount, most: 1 << 24,
      default: metadata.int("\(architecture).expert_feed_forward_length"),
      mayDiffer: kinds == .varied || kinds == .single, least: kinds == .single ? 0 : 1)
    feedForwardLength = feedForwardLengths.max() ?? 0
    guard kinds != .single || feedForwardLengths.contains(0) else {
      throw ModelError(
        .unsupported,
        "\(path): \(architecture).feed_forward_length is above 0 for all layers, so that none mixes "
          + "positions, which is not supported")
    }

    headCounts = try Self.numbers(
      "\(architecture).attention.head_count", metadata, path, count: blockCount,
      all: allBlockCount, most: embeddingLength, mayDiffer: kinds == .varied)
    headCount = headCounts.max() ?? 0
    let keyValueKey = "\(architecture).attention.head_count_kv"
    let counts = try Self.ints(keyValueKey, metadata, count: blockCount, all: allBlockCount)
    let mayNotAttend = kinds == .mixed || kinds == .single
    layersAttend =
      mayNotAttend
      ? counts?.map { $0 != 0 } ?? Array(repeating: true, count: blockCount)
      : Array(repeating: true, count: blockCount)
    keyValueHeadCounts = try Self.numbers(
      keyValueKey, metadata, path, count: blockCount, all: allBlockCount, most: headCount,
      default: headCount, mayDiffer: kinds == .varied, skippingZeros: mayNotAttend)
    keyValueHeadCount = keyValueHeadCounts.max() ?? 0
    for (heads, count) in zip(headCounts, keyValueHeadCounts) where heads % count != 0 {
      throw ModelError(
        .badMetadata, "\(path): \(heads) attention heads cannot share \(count) key-value heads")
    }
    if metadata["\(architecture).attention.key_length"] == nil,
      embeddingLength % headCount != 0
    {
      throw ModelError(
        .badMetadata,
        "\(path): \(architecture).embedding_length \(embeddingLength) is not a multiple of "
          + "\(headCount) attention heads")
    }
    let headLength = max(1, embeddingLength / headCount)
    keyLength = try positive("attention.key_length", at: 1 << 14, default: headLength)
    valueLength = try positive("attention.value_length", at: 1 << 14, default: headLength)
    rotaryBase = try metadata.float("\(architecture).rope.freq_base") ?? 10_000
    guard rotaryBase.isFinite, rotaryBase > 0 else {
      throw ModelError(
        .badMetadata,
        "\(path): \(architecture).rope.freq_base is \(rotaryBase), expected a number above 0")
    }
    rotaryDimensionCount = try positive(
      "rope.dimension_count", at: keyLength, default: keyLength)
    guard rotaryDimensionCount % 2 == 0 else {
      let rotaryKey = "\(architecture).rope.dimension_count"
      let key = metadata[rotaryKey] == nil ? "\(architecture).attention.key_length" : rotaryKey
      throw ModelError(
        .badMetadata, "\(path): \(key) is \(rotaryDimensionCount), which is odd")
    }
  }
}
