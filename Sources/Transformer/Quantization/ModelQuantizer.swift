// A model file in another mix of formats.

package import KernelInterface
package import TensorCore

/// Quantises model files: plans first, so that what cannot be done is told before anything is written.
package struct ModelQuantizer {
  package let file: GGUFFile
  package let mix: QuantizationMix
  /// What becomes of each tensor, in the file's order.
  package let plans: [Plan]

  /// A tensor's way.
  package struct Plan {
    package let tensor: GGUFTensor
    package let result: GGUFTensorPlan
    /// What the mix asks for, where the rows are no whole blocks of it.
    package let refused: TensorFormat?
  }

  /// - Throws: `GGUFError` where the metadata is wrong, `ModelError` where a tensor cannot be
  ///   quantised.
  package init(_ file: GGUFFile, mix: QuantizationMix) throws {
    guard !file.tensors.isEmpty else {
      throw ModelError(
        .missingTensor,
        "\(file.path): holds a vocabulary alone, no weights: there is nothing to quantize")
    }
    self.file = file
    self.mix = mix
    let architecture = try file.metadata.string("general.architecture") ?? ""
    func first(_ key: String) throws -> Int? {
      try file.metadata.ints("\(architecture).\(key)")?.first
    }
    let heads = try first("attention.head_count") ?? 1
    let shared = try first("attention.head_count_kv") ?? heads
    let facts = QuantizationFacts(
      // A model has no more layers than tensors.
      blockCount: min(max(0, try first("block_count") ?? 0), file.tensors.count),
      groupedHeadCount: shared > 0 ? heads / shared : 0, tensorNames: file.tensors.map(\.name))
    plans = try file.tensors.map { tensor in
      let choice = mix.choice(for: tensor.name, shape: tensor.shape, in: facts)
      guard let choice, choice.format != tensor.format else {
        return Plan(
          tensor: tensor,
          result: GGUFTensorPlan(name: tensor.name, shape: tensor.shape, format: tensor.format),
          refused: nil)
      }
      guard tensor.format.holdsWeights else {
        throw ModelError(
          .unsupported,
          "\(file.path): the tensor \(tensor.name) has the type \(tensor.format.name), which holds "
            + "no weights: it cannot be quantized")
      }
      return Plan(
        tensor: tensor,
        result: GGUFTensorPlan(name: tensor.name, shape: tensor.shape, format: choice.format),
        refused: choice.refused)
    }
  }

  /// The tensors that were quantised before: their errors add up.
  package var quantisedBefore: Int {
    plans.count { $0.tensor.format.blockElements > 1 && $0.result.format != $0.tensor.format }
  }

  /// Writes the file to `path`. A model in parts becomes one file.
  ///
  /// - Parameters:
  ///   - begin: gets the place where the file is made and its size.
  ///   - progress: gets the bytes that are written, from time to time.
  package func write(
    to path: String, pool: WorkerPool, begin: (_ temporaryPath: String, _ bytes: Int) -> Void,
    progress: (_ bytes: Int) -> Void
  ) throws {
    let writer = try GGUFWriter(path: path, metadata: metadata, tensors: plans.map(\.result))
    begin(writer.temporaryPath, writer.totalBytes)
    let tensors = TensorQuantizer(writer, pool: pool)
    for plan in plans {
      do {
        try tensors.write(plan.tensor, as: plan.result.format) { progress(writer.byteCount) }
      } catch let error as TensorQuantizer.NotFinite {
        throw ModelError(
          .unsupported,
          "\(file.path): row \(error.row) of the tensor \(error.tensor) holds a weight that is "
            + "infinite or no number: the file is damaged or was converted wrongly")
      }
    }
    try writer.finish()
  }

  /// The file's own, but for its type and what says that it is one part of several.
  private var metadata: [(key: String, value: GGUFContent)] {
    let new: [(key: String, value: GGUFContent)] = [
      ("general.file_type", .value(.uint32(mix.fileType))),
      ("general.quantization_version", .value(.uint32(2))),
    ]
    var pairs: [(key: String, value: GGUFContent)] = file.metadata.keys.compactMap { key in
      guard !key.hasPrefix("split."), let value = file.metadata[key] else { return nil }
      return new.first { $0.key == key } ?? (key, .value(value))
    }
    pairs += new.filter { pair in file.metadata[pair.key] == nil }
    return pairs
  }
}
