import Transformer

let engine = try await Engine.load(CommandLine.arguments.dropFirst().first ?? "model.gguf")
let conversation = Conversation(engine, instructions: "You know birds, and you are brief.")
let options = GenerationOptions(temperature: 0, maximumResponseTokens: 48)

for try await part in conversation.streamResponse(to: "Name three birds.", options: options) {
  print(part.delta, terminator: "")
}

struct Bird: Generable {
  var name: String
  var canFly: Bool
}

let bird: Bird = try await conversation.respond(to: "Describe one.", options: options).content
print("\n\(bird.name)", bird.canFly ? "flies" : "walks")
