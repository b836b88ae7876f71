// apus bench-kernels: how fast products of weights are, without a model.

import ArgumentParser
import Foundation
import JSON
import TensorCore
import Transformer

struct BenchKernels: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure products of random weights: bytes and operations per second.",
    discussion: """
      For each format, shape and number of rows the best of several runs counts. One row is what \
      writing a token takes, 2 to 16 are batches and guesses, many are a prompt. 'Benchmarks/kernels' \
      draws the figures beside the limits of the machine.
      """)

  @Option(help: "Formats with commas between them.")
  var formats = KernelSpeed.formats.joined(separator: ",")

  @Option(help: "Shapes of the weights, rows x columns, with commas between them.")
  var shapes = "16384x4096,2048x2048"

  @Option(help: "Numbers of rows of activations, with commas between them.")
  var rows = "1,2,4,8,12,16,64,256"

  @Option(
    name: [.short, .long],
    help: "Threads that compute; by default as many as this process may use.")
  var threads: Int?

  @Option(name: [.short, .long], help: "Runs of each product.")
  var repetitions = 20

  @Flag(help: "Print a JSON array.")
  var json = false

  func validate() throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads takes a number from 1 to 1024.")
    }
    guard repetitions >= 1 else { throw ValidationError("-r takes a number above 0.") }
    _ = (try parsedFormats(), try parsedShapes(), try parsedRows())
  }

  func run() async throws {
    try await onOwnThread { try measure() }
  }

  private func measure() throws {
    if let problem = InstructionSet.environmentProblem {
      throw CommandError(.unusableEnvironment, problem + "; unset it or choose another")
    }
    let pool = WorkerPool(threadCount: threads ?? Processor.usableThreads.count)
    let path =
      FileManager.default.temporaryDirectory.path + "/apus-kernels-\(UUID().uuidString).gguf"
    defer { unlink(path) }
    let speed = KernelSpeed(pool: pool, repetitions: repetitions, path: path)
    var results: [JSONValue] = []
    if !json { Terminal.writeLine("format   weights        rows      GB/s     GOP/s") }
    for shape in try parsedShapes() {
      for format in try parsedFormats() {
        for result in try speed.measure(format, shape: shape, rowCounts: parsedRows()) {
          if json {
            results.append(document(result, threadCount: pool.threadCount))
          } else {
            Terminal.writeLine(line(result))
          }
        }
      }
    }
    if json { Terminal.writeLine(JSONValue.array(results).serialized(.pretty)) }
  }

  private func line(_ result: KernelSpeed.Result) -> String {
    result.format.padded(to: 9)
      + "\(result.shape.rows)x\(result.shape.columns)".padded(to: 12)
      + "\(result.rowCount)".aligned(to: 7)
      + decimal(result.bytesPerSecond / 1e9, 2).aligned(to: 10)
      + decimal(result.operationsPerSecond / 1e9, 1).aligned(to: 10)
  }

  private func document(_ result: KernelSpeed.Result, threadCount: Int) -> JSONValue {
    [
      "format": .string(result.format), "weight_rows": .integer(Int64(result.shape.rows)),
      "columns": .integer(Int64(result.shape.columns)), "rows": .integer(Int64(result.rowCount)),
      "threads": .integer(Int64(threadCount)),
      "instruction_set": .string(InstructionSet.current.rawValue),
      "weight_bytes": .integer(Int64(result.weightBytes)),
      "best_seconds": .number(result.best), "median_seconds": .number(result.median),
      "bytes_per_second": .number(result.bytesPerSecond),
      "operations_per_second": .number(result.operationsPerSecond),
    ]
  }

  private func parsedFormats() throws -> [String] {
    try formats.split(separator: ",").map { name in
      guard KernelSpeed.formats.contains(name.uppercased()) else {
        throw ValidationError(
          "'\(name)' is no format to measure; known are "
            + KernelSpeed.formats.joined(separator: ", ") + ".")
      }
      return name.uppercased()
    }
  }

  private func parsedShapes() throws -> [(rows: Int, columns: Int)] {
    try shapes.split(separator: ",").map { text in
      let parts = text.split(separator: "x").compactMap { Int($0) }
      guard parts.count == 2, (1...1 << 20).contains(parts[0]),
        (256...1 << 16).contains(parts[1]), parts[1] % 256 == 0
      else {
        throw ValidationError(
          "'\(text)' is no shape: rows x columns, the columns a multiple of 256, as 4096x4096.")
      }
      return (parts[0], parts[1])
    }
  }

  private func parsedRows() throws -> [Int] {
    try rows.split(separator: ",").map { text in
      guard let count = Int(text), (1...4096).contains(count) else {
        throw ValidationError("--rows takes numbers from 1 to 4096 with commas between them.")
      }
      return count
    }
  }
}
