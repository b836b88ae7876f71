// The real speech models that tests use, where somebody has put them.

import FoundationEssentials
public import Testing

/// A file of whisper.cpp's in the folder of models.
public struct RealSpeechModel: Sendable, CustomTestStringConvertible {
  /// The file's name in the folder.
  public let file: String
  /// The name of its golden file in `whisper/`, without its ending.
  public let golden: String

  public static let tinyEnglish = RealSpeechModel(
    file: "whisper-tiny.en-f16.bin", golden: "golden_tiny.en")
  public static let base = RealSpeechModel(file: "whisper-base-f16.bin", golden: "golden_base")
  public static let all = [tinyEnglish, base]

  /// Whether all are on this machine.
  public static let arePresent = all.allSatisfy {
    FileManager.default.fileExists(atPath: $0.path)
  }

  /// What a skipped test says.
  public static let absence: Comment =
    "needs whisper-tiny.en-f16.bin and whisper-base-f16.bin in the folder of models"

  /// The path of the file, whether it exists or not.
  public var path: String { RealModel.folder + "/" + file }

  public var testDescription: String { file }
}
