import Transformer

let model = try Model.load(CommandLine.arguments.dropFirst().first ?? "model.gguf")
let engine = try Engine(model)

var request = GenerationRequest(prompt: try model.prompt([.user("Name three birds.")]))
request.sampling.temperature = 0
request.maxTokens = 48

for try await event in try engine.generate(request) {
  switch event {
  case .token(let token): print(token.text, terminator: "")
  case .finished(let summary): print(summary.text, "[\(summary.generatedTokenCount) tokens]")
  }
}
engine.shutdown()
