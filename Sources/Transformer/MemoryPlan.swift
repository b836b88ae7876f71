// What a model will take of memory, told before it is loaded.

import KernelInterface
import TensorCore

/// Bytes that a model and its conversations take.
public struct MemoryPlan: Sendable, Equatable {
  /// Weights as the file has them; packed they take about the same.
  public let weightBytes: Int
  /// Keys and values of all sequences when each has filled its context. Layers with a sliding
  /// window count with their window. `Int.max` where that is more.
  public let keyValueBytes: Int

  /// Both together; `Int.max` where that is more.
  public var totalBytes: Int {
    let (sum, overflows) = weightBytes.addingReportingOverflow(keyValueBytes)
    return overflows ? .max : sum
  }
}

extension Model {
  /// Tells what a file will take, reading its description alone.
  ///
  /// - Parameters:
  ///   - path: a GGUF file, or the first of its parts.
  ///   - options: of them the context and the format of keys and values.
  ///   - sequences: conversations that have filled their context at the same time; below 0 as 0.
  /// - Throws: `GGUFError`, `FileError` or `ModelError`.
  public static func plan(
    _ path: String, options: ModelOptions = ModelOptions(), sequences: Int = 1
  ) throws -> MemoryPlan {
    let file = try GGUFFile(path: path)
    let name = try file.metadata.requiredString("general.architecture")
    let family = try family(named: name, path: path)
    let hyperparameters = try Hyperparameters(file, family)
    let layers = try family.memories(hyperparameters)
    let positions = try contextLength(options, hyperparameters)
    let format = options.exact ? CacheFormat.F32 : options.keyValueFormat.stored
    let layout = BlockLayout(layers, format)
    let (each, isTooMuch) = layout.blockCount(positions: positions).multipliedReportingOverflow(
      by: layout.blockBytes)
    let (bytes, overflows) = max(0, sequences).multipliedReportingOverflow(by: each)
    return MemoryPlan(
      weightBytes: file.tensors.reduce(0) { $0 + $1.byteCount },
      keyValueBytes: sequences > 0 && (isTooMuch || overflows) ? .max : bytes)
  }
}
