// Tiny models with something changed: metadata set, tensors added, taken away or multiplied.

import KernelInterface
import TensorCore
import TestSupport
import Testing
import Transformer

/// What differs from a file.
struct ModelVariant {
  var metadata: [String: GGUFContent] = [:]
  var removedKeys: Set<String> = []
  /// Float32 tensors that the file has not, by name: shape and values.
  var added: [String: (shape: [Int], values: [Float])] = [:]
  var removed: Set<String> = []

  /// Writes `file`, changed.
  func write(_ file: GGUFFile, to path: String) throws {
    var pairs = file.metadata.keys.filter { !removedKeys.contains($0) }.map {
      (key: $0, value: metadata[$0] ?? .value(file.metadata[$0]!))
    }
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) where file.metadata[key] == nil {
      pairs.append((key: key, value: value))
    }
    let kept = file.tensors.filter { !removed.contains($0.name) }
    let new = added.sorted { $0.key < $1.key }
    let plans =
      kept.map { GGUFTensorPlan(name: $0.name, shape: $0.shape, format: $0.format) }
      + new.map { GGUFTensorPlan(name: $0.key, shape: $0.value.shape, format: .F32) }
    let writer = try GGUFWriter(path: path, metadata: pairs, tensors: plans)
    for tensor in kept { try writer.write(tensor.bytes) }
    for (_, tensor) in new { try tensor.values.withUnsafeBytes { try writer.write($0) } }
    try writer.finish()
  }

  /// The logits that `file` gives, changed.
  func logits(of file: GGUFFile, tokens: [Int32]) throws -> [Float] {
    try withModel(of: file) { try Session($0).evaluate(tokens, logits: .all) }
  }

  /// Calls `body` with the model that `file` is, changed.
  func withModel<Value>(of file: GGUFFile, _ body: (Model) throws -> Value) throws -> Value {
    try TemporaryFolder.with { folder in
      let path = folder + "/model.gguf"
      try write(file, to: path)
      var options = ModelOptions()
      options.threadCount = 1
      options.keyValueFormat = .F32
      return try body(Model.load(path, options: options))
    }
  }
}

extension TinyModel {
  func file() throws -> GGUFFile {
    try GGUFFile(path: "\(folder)/\(name).gguf")
  }

  /// The logits of the golden tokens where the file is changed.
  func logits(_ variant: ModelVariant) throws -> [Float] {
    try variant.logits(of: file(), tokens: description().tokens)
  }
}

extension TinyModel {
  /// The file as one of another architecture, whose keys are those of its own under another name.
  func renamed(to architecture: String) throws -> ModelVariant {
    let metadata = try file().metadata
    let prefix = try metadata.requiredString("general.architecture") + "."
    let keys = metadata.keys.filter { $0.hasPrefix(prefix) }
    var variant = ModelVariant(removedKeys: Set(keys))
    for key in keys {
      variant.metadata["\(architecture).\(key.dropFirst(prefix.count))"] = .value(metadata[key]!)
    }
    variant.metadata["general.architecture"] = .value(.string(architecture))
    return variant
  }
}

extension GGUFFile {
  /// The values of a float32 tensor.
  func floats(_ name: String) throws -> [Float] {
    Array(try #require(tensor(named: name)).bytes.bindMemory(to: Float.self))
  }
}
