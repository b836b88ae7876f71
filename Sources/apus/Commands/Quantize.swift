// apus quantize: a model in a smaller format.

import ArgumentParser
import Foundation
import TensorCore
import Transformer

struct Quantize: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a model in another format, smaller and a little less exact.",
    discussion: """
      TYPE is one of \(QuantizationMix.allCases.map(\.rawValue).joined(separator: ", ")). Those with \
      _S, _M or _L are mixes: tensors where errors cost most take a better format, by llama.cpp's \
      rules; Q3_K, Q4_K and Q5_K mean their _M. Tensors whose rows are no whole blocks of a format \
      take another one, and that is told.

      Start from F32, F16 or BF16 where you can: errors of a file that is quantized add up.
      """)

  @Argument(help: "A name of the catalogue, or the path of a .gguf file.")
  var input: String

  @Argument(help: "The file to write; it may be replaced.")
  var output: String

  @Argument(help: "The type or mix.")
  var type: String

  @Option(
    name: [.short, .long],
    help: "Threads that compute; by default as many as this process may use.")
  var threads: Int?

  func validate() throws {
    _ = try QuantizationMix.parsed(type)
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads takes a number from 1 to 1024.")
    }
  }

  func run() async throws {
    try await onOwnThread { try write() }
  }

  private func write() throws {
    let file = try GGUFFile(path: LocatedModel.find(input).path)
    let quantizer = try ModelQuantizer(file, mix: QuantizationMix.parsed(type))
    guard !file.isStored(at: output) else {
      throw CommandError(
        .unusableInput,
        "\(output) is the model itself, which is read while the new one is written: "
          + "name another file")
    }
    if quantizer.quantisedBefore > 0 {
      Terminal.note(
        "Quantized already: \(tensors(quantizer.quantisedBefore)). Errors add up.")
    }
    for (wanted, taken, count) in fallbacks(quantizer) {
      Terminal.note(
        "\(taken) instead of \(wanted): \(tensors(count)) whose rows are no whole blocks of it.")
    }
    let pool = WorkerPool(threadCount: threads ?? Processor.usableThreads.count)
    var bar = ProgressBar("Quantizing", total: 0, initial: 0)
    var interrupts: Interrupts?
    try quantizer.write(to: output, pool: pool) { temporaryPath, bytes in
      bar = ProgressBar("Quantizing", total: bytes, initial: 0)
      interrupts = Interrupts {
        unlink(temporaryPath)
        Foundation.exit(130)
      }
    } progress: {
      bar.draw($0)
    }
    bar.clear()
    withExtendedLifetime(interrupts) {}
    Terminal.note(summary(quantizer))
  }

  private func tensors(_ count: Int) -> String { "\(count) tensor\(count == 1 ? "" : "s")" }

  /// Pairs of formats, and how many tensors take the second for want of whole blocks of the first.
  private func fallbacks(_ quantizer: ModelQuantizer) -> [(String, String, Int)] {
    var counts: [[String]: Int] = [:]
    for plan in quantizer.plans {
      if let wanted = plan.refused {
        counts[[wanted.name, plan.result.format.name], default: 0] += 1
      }
    }
    return counts.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map {
      ($0.key[0], $0.key[1], $0.value)
    }
  }

  private func summary(_ quantizer: ModelQuantizer) -> String {
    let before = quantizer.plans.reduce(0) { $0 + $1.tensor.byteCount }
    let after = quantizer.plans.reduce(0) { $0 + $1.result.byteCount }
    let elements = quantizer.plans.reduce(0) { $0 + $1.tensor.elementCount }
    let bits = Double(after) * 8 / Double(max(1, elements))
    return "\(output): \(quantizer.mix.rawValue), \(byteText(before)) became \(byteText(after)), "
      + "\(decimal(bits, 2)) bits a weight"
  }
}
