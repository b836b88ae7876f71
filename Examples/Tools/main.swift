// Tools: functions of the program that the model may call.

import Transformer

struct Place: Generable {
  var city: String
  var unit: Unit

  enum Unit: String, CaseIterable, Generable { case celsius, fahrenheit }

  static let guides: Guides = [
    "city": [.describe("Name of the city"), .length(1...30), .pattern("^[A-Z][a-z ]+$")]
  ]
}

struct Weather: Encodable {
  var sky: String
  var temperature: Double
}

struct Sum: Generable {
  var a: Int
  var b: Int
}

let weather = Tool("weather", "The weather of a city now.") { (place: Place) in
  // A real program would ask somebody.
  Weather(sky: "clear", temperature: place.unit == .celsius ? 21 : 70)
}
let add = Tool("add", "Adds two integers.") { (sum: Sum) in
  let (result, overflows) = sum.a.addingReportingOverflow(sum.b)
  return overflows ? "too large" : "\(result)"
}

let engine = try await Engine.load(CommandLine.arguments.dropFirst().first ?? "model.gguf")
let conversation = Conversation(
  engine, instructions: "Answer in one sentence.", tools: [weather, add])

// Left alone the model calls what it likes. Here it has to call one function first.
var options = GenerationOptions(temperature: 0, maximumResponseTokens: 80)
options.toolChoice = .named("weather")
options.maximumToolRounds = 1
let response = try await conversation.respond(
  to: "What is the weather in Paris?", options: options)

for entry in response.transcriptEntries {
  switch entry {
  case .toolCalls(let calls, words: _):
    for call in calls { print("the model calls \(call.name) with \(call.arguments)") }
  case .toolOutput(let output, of: let call): print("\(call.name) returns \(output)")
  case .response(let text): print("the model says: \(text)")
  case .prompt, .instructions: break
  }
}
print(response.usage.generatedTokenCount, "tokens")
