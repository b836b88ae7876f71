// Typed output: the model can write nothing but values of a Swift type.

import Transformer

enum Course: String, CaseIterable, Generable {
  case starter, main, dessert
}

struct Ingredient: Generable {
  var name: String
  var grams: Double?

  static let guides: Guides = ["name": [.length(1...30)], "grams": [.range(1...2_000)]]
}

struct Recipe: Generable {
  var title: String
  var course: Course
  var servings: Int
  var ingredients: [Ingredient]
  var steps: [String]

  static let guides: Guides = [
    "title": [.describe("What the menu says"), .length(3...40)],
    "servings": [.range(1...12)],
    "ingredients": [.count(2...4)],
    "steps": [.count(1...3), .element(.length(5...80))],
  ]
}

// A type whose properties say too little writes its schema itself.
enum Rating: Generable {
  case stars(Int)
  case refused(reason: String)

  static var schema: GenerationSchema? {
    get throws {
      try GenerationSchema(
        json: """
          {"anyOf": [
            {"type": "object", "required": ["stars"], "additionalProperties": false,
             "properties": {"stars": {"type": "integer", "minimum": 1, "maximum": 5}}},
            {"type": "object", "required": ["refused"], "additionalProperties": false,
             "properties": {"refused": {"type": "string", "maxLength": 40}}}]}
          """)
    }
  }

  private enum CodingKeys: CodingKey { case stars, refused }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    if let stars = try container.decodeIfPresent(Int.self, forKey: .stars) {
      self = .stars(stars)
    } else {
      self = .refused(reason: try container.decode(String.self, forKey: .refused))
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .stars(let count): try container.encode(count, forKey: .stars)
    case .refused(let reason): try container.encode(reason, forKey: .refused)
    }
  }
}

let engine = try await Engine.load(CommandLine.arguments.dropFirst().first ?? "model.gguf")
let conversation = Conversation(engine, instructions: "You are a cook.")
let options = GenerationOptions(temperature: 0.5, maximumResponseTokens: 300, seed: 1)

let recipe: Recipe = try await conversation.respond(
  to: "A recipe with tomatoes.", options: options
).content
print("\(recipe.title), a \(recipe.course.rawValue) for \(recipe.servings)")
for ingredient in recipe.ingredients {
  print("-", ingredient.name, ingredient.grams.map { "\($0) g" } ?? "")
}
for step in recipe.steps { print("*", step) }

let rating = try await conversation.respond(
  to: "How do you rate it?", generating: Rating.self, options: options)
print(rating.content)
