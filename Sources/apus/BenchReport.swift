// The results of apus bench as a table, as JSON and as CSV.

import Foundation
import JSON
import TensorCore
import Transformer

/// Results with what they were measured on.
struct BenchReport {
  let info: ModelInfo
  let path: String
  let threadCount: Int
  let results: [SpeedTest.Result]

  private var backend: String { "apus \(InstructionSet.current.rawValue)" }

  var markdown: String {
    let header = ["model", "size", "params", "backend", "threads", "test", "t/s"]
    let rows = results.map { result in
      [
        info.description, "\(decimal(Double(info.tensorBytes) / 1_048_576, 2)) MiB",
        "\(decimal(Double(info.parameterCount) / 1e6, 2)) M", backend, "\(threadCount)",
        result.name,
        "\(decimal(mean(result.speeds), 2)) ± \(decimal(deviation(result.speeds), 2))",
      ]
    }
    let widths = header.indices.map { column in
      ([header] + rows).map { $0[column].count }.max() ?? 0
    }
    func line(_ cells: [String]) -> String {
      let padded = zip(cells, widths).enumerated().map { column, cell in
        column == 0 || column == 3 ? cell.0.padded(to: cell.1) : cell.0.aligned(to: cell.1)
      }
      return "| " + padded.joined(separator: " | ") + " |"
    }
    let rule = widths.enumerated().map { column, width in
      column == 0 || column == 3
        ? String(repeating: "-", count: width + 2)
        : String(repeating: "-", count: width + 1) + ":"
    }
    return ([line(header), "|" + rule.joined(separator: "|") + "|"] + rows.map(line))
      .joined(separator: "\n")
  }

  var json: String { JSONValue.array(results.map { .object(fields($0)) }).serialized(.pretty) }

  /// All fields but the lists of samples.
  var csv: String {
    let rows = results.map { result in
      fields(result).filter { $0.value.arrayValue == nil }
    }
    let header = rows.first?.map(\.key).joined(separator: ",") ?? ""
    let lines = rows.map { row in
      row.map { field in
        let text = field.value.stringValue ?? field.value.serialized()
        return "\"" + text.replacing("\"", with: "\"\"") + "\""
      }.joined(separator: ",")
    }
    return ([header] + lines).joined(separator: "\n")
  }

  private func fields(_ result: SpeedTest.Result) -> JSONObject {
    let times = result.nanoseconds.map(Double.init)
    return [
      "build_commit": .string(Apus.version),
      "cpu_info": .string(Processor.name),
      "backends": .string(backend),
      "model_filename": .string(path),
      "model_type": .string(info.description),
      "model_size": .integer(Int64(info.tensorBytes)),
      "model_n_params": .integer(Int64(info.parameterCount)),
      "n_threads": .integer(Int64(threadCount)),
      "n_prompt": .integer(Int64(result.promptCount)),
      "n_gen": .integer(Int64(result.generatedCount)),
      "n_depth": .integer(Int64(result.depth)),
      "test": .string(result.name),
      "test_time": .string(result.start.formatted(.iso8601)),
      "avg_ns": .integer(Int64(mean(times))),
      "stddev_ns": .integer(Int64(deviation(times))),
      "avg_ts": .number(mean(result.speeds)),
      "stddev_ts": .number(deviation(result.speeds)),
      "samples_ns": .array(result.nanoseconds.map { .integer(Int64($0)) }),
      "samples_ts": .array(result.speeds.map { .number($0) }),
    ]
  }

  private func mean(_ values: [Double]) -> Double {
    values.reduce(0, +) / Double(max(1, values.count))
  }

  /// The sample's standard deviation; 0 of a single value.
  private func deviation(_ values: [Double]) -> Double {
    guard values.count > 1 else { return 0 }
    let mean = mean(values)
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (squares / Double(values.count - 1)).squareRoot()
  }
}
