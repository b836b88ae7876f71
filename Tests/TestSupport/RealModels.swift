// The two real models that tests use, fetched once by `apus pull`.

import FoundationEssentials
public import Testing

/// A model of the catalogue, where `apus pull` puts it.
public struct RealModel: Sendable, CustomTestStringConvertible {
  /// The catalogue's name.
  public let name: String
  /// The file's name in the model folder.
  public let file: String
  /// The name of the golden file in `real/`, without its ending.
  public let golden: String

  public static let smol = RealModel(
    name: "smollm2-135m-instruct", file: "SmolLM2-135M-Instruct.Q4_1.gguf",
    golden: "smollm2-135m-q4_1")
  public static let gemma = RealModel(
    name: "gemma-3-270m", file: "gemma-3-270m-q4_k_m.gguf", golden: "gemma-3-270m-q4_k_m")
  public static let all = [smol, gemma]

  /// Whether both are on this machine.
  public static let arePresent = all.allSatisfy {
    FileManager.default.fileExists(atPath: $0.path)
  }

  /// What a skipped test says.
  public static let absence: Comment =
    "needs the models; 'apus pull smollm2-135m-instruct' and 'apus pull gemma-3-270m' fetch them"

  /// The path of the file, whether it exists or not.
  public var path: String { Self.folder + "/" + file }

  public var testDescription: String { name }

  static let folder: String = {
    let environment = ProcessInfo.processInfo.environment
    func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    if let folder = value("APUS_MODELS") { return folder }
    if let cache = value("XDG_CACHE_HOME") { return cache + "/apus/models" }
    #if os(macOS)
      return (value("HOME") ?? "") + "/Library/Caches/apus/models"
    #else
      return (value("HOME") ?? "") + "/.cache/apus/models"
    #endif
  }()
}
