// What a model is, told before it is loaded.

import TensorCore

/// What a model's file says of it.
public struct ModelDescription: Sendable {
  public let info: ModelInfo
  /// Tokens that a conversation would have.
  public let contextLength: Int
  /// Whether it can answer messages.
  public let hasChatTemplate: Bool
}

extension Model {
  /// Tells what a file holds, reading its description alone.
  ///
  /// - Parameters:
  ///   - path: a GGUF file, or the first of its parts.
  ///   - options: of them the context and the chat template.
  /// - Throws: `GGUFError`, `FileError` or `ModelError`.
  public static func describe(
    _ path: String, options: ModelOptions = ModelOptions()
  ) throws -> ModelDescription {
    let file = try GGUFFile(path: path)
    let name = try file.metadata.requiredString("general.architecture")
    let family = try family(named: name, path: path)
    let hyperparameters = try Hyperparameters(file, family)
    let templates = try ChatTemplateSources(file.metadata, replacedBy: options.chatTemplate)
    return ModelDescription(
      info: try ModelInfo(file, hyperparameters),
      contextLength: try contextLength(options, hyperparameters),
      hasChatTemplate: templates.plain != nil)
  }
}
