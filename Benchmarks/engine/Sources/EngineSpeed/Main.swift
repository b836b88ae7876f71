// What the engine promises of its times, measured: `engine-speed MODEL [batch] [gap] [prefix] [lookup]`.

import Tokenizer
import Transformer

@main
enum EngineSpeed {
  static func main() async throws {
    let arguments = CommandLine.arguments.dropFirst()
    guard let path = arguments.first else {
      print("usage: engine-speed MODEL.gguf [batch] [gap] [prefix] [lookup]; all without a name")
      return
    }
    let chosen = arguments.dropFirst()
    var options = ModelOptions()
    options.contextLength = 8_192 + 256
    let bench = EngineBench(model: try Model.load(path, options: options))
    print("model \(bench.model.info.description), \(bench.model.threadCount) threads")
    func wants(_ name: String) -> Bool { chosen.isEmpty || chosen.contains(name) }
    if wants("batch") { try await bench.batch() }
    if wants("gap") { try await bench.gap() }
    if wants("prefix") { try await bench.prefix() }
    if wants("lookup") { try await bench.lookup() }
  }
}
