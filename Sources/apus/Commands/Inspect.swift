// apus inspect: what a model file says of itself.

import ArgumentParser
import JSON
import Metering
import TensorCore

struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what a model file holds: metadata, formats, tensors.",
    discussion: "Any GGUF file can be inspected, also one whose architecture cannot be run.")

  @OptionGroup var model: ModelArgument

  @Flag(help: "List every tensor with format, shape and size.")
  var tensors = false

  @Flag(help: "Print a JSON object.")
  var json = false

  func run() throws {
    let file = try GGUFFile(path: LocatedModel.find(model.model).path)
    if json {
      Terminal.writeLine(document(file).serialized(.pretty))
    } else {
      printSummary(file)
      if tensors { printTensors(file) }
    }
  }

  /// Elements of all tensors by format, most bytes first.
  private func formats(_ file: GGUFFile) -> [(name: String, tensors: Int, bytes: Int)] {
    var counts: [String: (tensors: Int, bytes: Int)] = [:]
    for tensor in file.tensors {
      counts[tensor.format.name, default: (0, 0)].tensors += 1
      counts[tensor.format.name, default: (0, 0)].bytes += tensor.byteCount
    }
    return counts.map { ($0.key, $0.value.tensors, $0.value.bytes) }
      .sorted { ($1.bytes, $0.name) < ($0.bytes, $1.name) }
  }

  /// What receipts carry, so that a customer knows with which file to count again.
  private func tokenizerHash(_ file: GGUFFile) -> String {
    hexText(TokenizerRecord.hash(of: file.tokenizerBytes()))
  }

  private func parameterCount(_ file: GGUFFile) -> Int {
    file.tensors.reduce(0) { $0 &+ $1.elementCount }
  }

  private func printSummary(_ file: GGUFFile) {
    let bytes = file.tensors.reduce(0) { $0 &+ $1.byteCount }
    Terminal.writeLine("file        \(file.path)")
    Terminal.writeLine("format      GGUF version \(file.version)")
    Terminal.writeLine(
      "tensors     \(file.tensors.count), \(parameterCount(file)) parameters, \(byteText(bytes))")
    for format in formats(file) {
      Terminal.writeLine(
        "            \(format.name.padded(to: 8)) \(String(format.tensors).aligned(to: 5)) tensors"
          + "  \(byteText(format.bytes).aligned(to: 9))")
    }
    Terminal.writeLine("tokenizer   SHA-256 \(tokenizerHash(file))")
    Terminal.writeLine("metadata    \(file.metadata.keys.count) values")
    for key in file.metadata.keys {
      guard let value = file.metadata[key] else { continue }
      Terminal.writeLine("  \(printable(key)) = \(text(value))")
    }
  }

  private func printTensors(_ file: GGUFFile) {
    let width = min(64, file.tensors.map(\.name.count).max() ?? 0)
    for tensor in file.tensors {
      let shape = tensor.shape.map(String.init).joined(separator: " x ")
      Terminal.writeLine(
        "  \(printable(tensor.name).padded(to: width))  \(tensor.format.name.padded(to: 6))  "
          + "\(byteText(tensor.byteCount).aligned(to: 9))  \(shape)")
    }
  }

  private func document(_ file: GGUFFile) -> JSONValue {
    var metadata = JSONObject()
    for key in file.metadata.keys { metadata[key] = file.metadata[key].map { value($0) } }
    var formatCounts = JSONObject()
    for format in formats(file) {
      formatCounts[format.name] = [
        "tensors": .integer(Int64(format.tensors)), "bytes": .integer(Int64(format.bytes)),
      ]
    }
    var document: JSONObject = [
      "path": .string(file.path), "version": .integer(Int64(file.version)),
      "parameter_count": .integer(Int64(parameterCount(file))),
      "tensor_count": .integer(Int64(file.tensors.count)),
      "tokenizer_sha256": .string(tokenizerHash(file)), "formats": .object(formatCounts),
      "metadata": .object(metadata),
    ]
    if tensors {
      document["tensors"] = .array(
        file.tensors.map { tensor in
          [
            "name": .string(tensor.name), "format": .string(tensor.format.name),
            "shape": .array(tensor.shape.map { .integer(Int64($0)) }),
            "bytes": .integer(Int64(tensor.byteCount)),
          ]
        })
    }
    return .object(document)
  }

  /// The value for JSON. Arrays of more than 16 elements are told by type and count: a vocabulary
  /// is not what people look for here.
  private func value(_ value: GGUFValue) -> JSONValue {
    switch value {
    case .bool(let value): .bool(value)
    case .string(let text): .string(text)
    case .array(let array) where array.count <= 16:
      .array((0..<array.count).map { self.value(array[$0]) })
    case .array(let array):
      ["type": .string("\(array.elementType)"), "count": .integer(Int64(array.count))]
    case .float32(let number): .number(Double(number))
    case .float64(let number): .number(number)
    default: value.integer.map { .integer(Int64($0)) } ?? .string("\(value)")
    }
  }

  /// The value in a line.
  private func text(_ value: GGUFValue) -> String {
    switch value {
    case .string(let text):
      text.count > 80 ? printable(String(text.prefix(77))) + "..." : printable(text)
    case .array(let array) where array.count <= 8:
      "[" + (0..<array.count).map { text(array[$0]) }.joined(separator: ", ") + "]"
    case .array: value.typeName
    case .bool(let value): "\(value)"
    case .float32(let number): "\(number)"
    case .float64(let number): "\(number)"
    default: value.integer.map(String.init) ?? value.typeName
    }
  }
}

/// Text of a file that may be hostile, without what could drive a terminal.
private func printable(_ text: String) -> String {
  var result = ""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\n": result += "\\n"
    case "\t": result += "\\t"
    default:
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator: result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
  }
  return result
}
