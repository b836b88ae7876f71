// Models of every family with one number of their metadata spoilt: refused by an error that names
// the key, or harmless.

import FoundationEssentials
import KernelInterface
import TensorCore
import TestSupport
import Testing

@Suite struct SpoiltMetadataTests {
  /// What stands in the place of a number.
  private static let values: [GGUFValue] = [
    .uint8(0), .uint8(255), .int32(-1), .uint32(.max), .int64(.max), .int64(.min), .uint64(.max),
    .float32(.nan), .float32(.infinity), .float32(-1), .float32(.leastNonzeroMagnitude),
    .string("\u{1B}[2J\n\u{9B}"),
  ]

  @Test(
    "A spoilt number is refused by its key, or does no harm",
    arguments: TinyModel.all + TinyModel.encoders)
  func spoiltNumbers(model: TinyModel) throws {
    let file = try GGUFFile(path: ProjectFixtures.root + "/architectures/\(model.name).gguf")
    let data = try ProjectFixtures.bytes("architectures/\(model.name).gguf")
    let folder = FileManager.default.temporaryDirectory.path + "/apus-spoilt-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = folder + "/model.gguf"
    let family = try file.metadata.requiredString("general.architecture") + "."
    for key in file.metadata.keys {
      // What no layer reads is no concern of a model.
      guard key.hasPrefix(family) || key.hasPrefix("tokenizer.") else { continue }
      if case .array? = file.metadata[key] { continue }
      for value in Self.values {
        try write(file, data, with: value, at: key, to: path)
        try HostileModelTests.loadAndExercise(path) { message in
          #expect(
            message.contains(key) || namesWhatItImplies(message), "\(key), \(value): \(message)")
          #expect(message.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control })
        }
      }
    }
  }

  /// Some numbers are wrong only beside a tensor's shape, or several together.
  private func namesWhatItImplies(_ message: String) -> Bool {
    message.contains("the tensor") || message.contains("attention heads")
      || message.contains("rope.scaling") || message.contains("one a layer")
  }

  /// Writes `file` with one value changed.
  private func write(
    _ file: GGUFFile, _ data: [UInt8], with value: GGUFValue, at key: String, to path: String
  ) throws {
    let metadata = file.metadata.keys.map {
      (key: $0, value: GGUFContent.value($0 == key ? value : file.metadata[$0]!))
    }
    let plans = file.tensors.map {
      GGUFTensorPlan(name: $0.name, shape: $0.shape, format: $0.format)
    }
    let writer = try GGUFWriter(path: path, metadata: metadata, tensors: plans)
    for tensor in file.tensors {
      try data[tensor.range].withUnsafeBytes { try writer.write($0) }
    }
    try writer.finish()
  }
}
