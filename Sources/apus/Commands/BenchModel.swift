// apus bench-model: a model of a size that people use, with random weights.

import ArgumentParser
import Foundation
import TensorCore
import Transformer

struct BenchModel: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a model of random weights, to measure speed without anybody's weights.",
    discussion: """
      SHAPE is one of \(BenchShape.all.map(\.name).joined(separator: ", ")). The file has the \
      metadata, the tensors and the number of tokens that the real model has, and a small tokenizer. \
      What such a model writes has no sense; what it costs is the same.

      Types are \(QuantizationMix.allCases.map(\.rawValue).joined(separator: ", ")). The mixes give \
      each tensor the format that 'apus quantize' gives it. The same seed gives the same file.
      """)

  @Argument(help: "The shape.")
  var shape: String

  @Argument(help: "The file to write; it may be replaced.")
  var output: String

  @Option(help: "The type or mix of the weights.")
  var type = "Q4_K_M"

  @Option(help: "What the weights are drawn from.")
  var seed: UInt64 = 1

  func validate() throws {
    guard BenchShape.all.contains(where: { $0.name == shape.lowercased() }) else {
      let names = BenchShape.all.map(\.name).joined(separator: ", ")
      throw ValidationError("SHAPE is one of \(names).")
    }
    _ = try QuantizationMix.parsed(type)
  }

  func run() async throws {
    try await onOwnThread { try write() }
  }

  private func write() throws {
    guard let shape = BenchShape.all.first(where: { $0.name == shape.lowercased() }) else { return }
    let mix = try QuantizationMix.parsed(type)
    let tensors = shape.tensors
    let facts = QuantizationFacts(
      blockCount: shape.layers, groupedHeadCount: shape.heads / shape.keyValueHeads,
      tensorNames: tensors.map(\.name))
    let plans = tensors.map { tensor in
      GGUFTensorPlan(
        name: tensor.name, shape: tensor.shape,
        format: mix.choice(for: tensor.name, shape: tensor.shape, in: facts)?.format ?? .F32)
    }
    let vocabulary = BenchVocabulary(count: shape.vocabulary, preTokenizer: shape.preTokenizer)
    let writer = try GGUFWriter(
      path: output,
      metadata: shape.metadata + [
        ("general.file_type", .value(.uint32(mix.fileType))),
        ("general.quantization_version", .value(.uint32(2))),
      ] + vocabulary.metadata, tensors: plans)
    let temporary = writer.temporaryPath
    let interrupts = Interrupts {
      unlink(temporary)
      Foundation.exit(130)
    }
    let bar = ProgressBar(shape.name, total: writer.totalBytes, initial: 0)
    var generator = XorShift(seed: seed)
    for (tensor, plan) in zip(tensors, plans) {
      switch tensor.values {
      case .numbers(let numbers): try writer.write(numbers)
      case .random(let deviation):
        try writer.writeRandom(plan, deviation: deviation, &generator) {
          bar.draw(writer.byteCount)
        }
      }
    }
    bar.clear()
    try writer.finish()
    withExtendedLifetime(interrupts) {}
    Terminal.note("\(output): \(shape.name), \(mix.rawValue), \(byteText(writer.totalBytes))")
  }
}

extension QuantizationMix {
  /// The mix of a name on the command line.
  static func parsed(_ name: String) throws -> QuantizationMix {
    guard let mix = QuantizationMix(named: name) else {
      let known = allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("'\(name)' is no type; known are \(known).")
    }
    return mix
  }
}
