// What can be wrong with a model or with what it is asked.

/// A model that cannot be loaded or a request that it cannot serve. The description is one line.
public struct ModelError: Error, Sendable, CustomStringConvertible {
  public enum Code: String, Sendable {
    case unknownArchitecture, missingTensor, wrongShape, missingMetadata, badMetadata
    case unsupported, noChatTemplate, contextFull, memoryFull, tokenOutOfRange, badOption
  }

  public let code: Code
  public let description: String

  package init(_ code: Code, _ description: String) {
    self.code = code
    self.description = description
  }

  /// Runs `body`; an error of a part of a model, which knows of no file, names the one that the part
  /// stands in.
  static func naming<Part>(
    _ path: String, _ body: () throws -> Part
  ) throws(ModelError) -> Part {
    do {
      return try body()
    } catch {
      throw ModelError(.badMetadata, "\(path): \(error)")
    }
  }
}
