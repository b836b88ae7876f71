// Streaming: words as they come, and ways to stop.

import Transformer

let engine = try await Engine.load(CommandLine.arguments.dropFirst().first ?? "model.gguf") {
  print($0 < 1 ? "loading \(Int($0 * 100)) %" : "loaded")
}
let conversation = Conversation(engine, instructions: "You tell long stories.")
let options = GenerationOptions(temperature: 0, maximumResponseTokens: 400)

// Leaving the loop stops the model.
func sentence(about thing: String) async throws -> String {
  for try await part in conversation.streamResponse(to: "Tell of \(thing).", options: options) {
    print(part.delta, terminator: "")
    if part.content.contains(".") { return part.content }
  }
  return ""
}
print("\nstopped after \(try await sentence(about: "the sea").count) characters")

// So does cancelling the task.
let story = Task {
  var parts = 0
  for try await part in conversation.streamResponse(to: "Tell of a ship.", options: options) {
    print(part.delta, terminator: "")
    parts += 1
    if parts == 20 { withUnsafeCurrentTask { $0?.cancel() } }
  }
}
do {
  try await story.value
} catch is CancellationError {
  print("\ncancelled")
}

// What was stopped is not part of the conversation, which can go on.
print(conversation.transcript.count, "entry,", conversation.isResponding ? "busy" : "free")
var short = options
short.maximumResponseTokens = 40
let answer = try await conversation.respond(to: "What is a harbour?", options: short)
print(answer.content)
print(conversation.transcript.count, "entries")
