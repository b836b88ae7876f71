// What the engine promises of its times, measured.

import Tokenizer
import Transformer

@main
enum EngineSpeed {
  static func main() async throws {
    let arguments = CommandLine.arguments.dropFirst()
    guard let path = arguments.first else {
      print("usage: engine-speed MODEL.gguf [RUNS] [batch] [gap] [prefix] [lookup]")
      print("5 runs of all measurements, where nothing is said")
      return
    }
    let names = arguments.dropFirst().filter { Int($0) == nil }
    let runs = arguments.dropFirst().compactMap { Int($0) }.first ?? 5
    var options = ModelOptions()
    options.contextLength = 8_192 + 256
    let bench = EngineBench(
      model: try Model.load(path, options: options), runs: max(1, runs))
    tell("model \(bench.model.info.description), \(bench.model.threadCount) threads")
    func wants(_ name: String) -> Bool { names.isEmpty || names.contains(name) }
    if wants("batch") { try await bench.batch() }
    if wants("gap") { try await bench.gap() }
    if wants("prefix") { try await bench.prefix() }
    if wants("lookup") { try await bench.lookup() }
  }
}
