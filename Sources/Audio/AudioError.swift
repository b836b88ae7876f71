// Why a file gives no samples, and how much one may give.

/// A file that cannot be used. The description is one line that says what to do; it repeats nothing
/// of the file but numbers and the name of its format.
public struct AudioError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What is wrong, to switch on.
  public enum Code: Equatable, Sendable {
    /// There are no bytes, or no samples in them.
    case empty
    /// The bytes are of no format that is known here.
    case unknownFormat
    /// The format is known by this name, and not read here.
    case unsupportedFormat(String)
    /// The sound has too few or too many samples a second.
    case unsupportedRate
    /// The file breaks the rules of its format, or ends before its first sample.
    case damaged
    /// There is more sound than the limits allow.
    case tooLong
  }

  public let code: Code
  /// What is wrong and what to do, in one line.
  public let description: String

  init(_ code: Code, _ description: String) {
    self.code = code
    self.description = description
  }

  static func damaged(_ format: String, _ fault: String) -> AudioError {
    AudioError(.damaged, "the \(format) file is damaged: \(fault); write the file again")
  }

  static func unsupported(_ name: String) -> AudioError {
    AudioError(
      .unsupportedFormat(name), "the file is \(name), which is not read here; \(advice)")
  }

  static func unsupportedRate(_ rate: Int, _ limits: AudioLimits) -> AudioError {
    let (least, most) = (limits.sampleRates.lowerBound, limits.sampleRates.upperBound)
    return AudioError(
      .unsupportedRate,
      "the file has \(rate) samples a second, which is not from \(least) to \(most); \(advice)")
  }

  static func empty(_ format: String) -> AudioError {
    AudioError(.empty, "the \(format) file holds no samples; record it again")
  }

  static let noBytes = AudioError(.empty, "the file has no bytes; \(advice)")
  static let unknown = AudioError(.unknownFormat, "the file is no audio that is known; \(advice)")

  static func tooLong(_ limits: AudioLimits) -> AudioError {
    AudioError(
      .tooLong,
      "the file is longer than \(limits.maximumSeconds) seconds; cut it into shorter files")
  }

  private static let advice = "send WAV, FLAC or MP3"
}

/// How much sound one file may give. What is over a limit is an error, found before the memory for
/// it is taken.
public struct AudioLimits: Sendable {
  /// Seconds of sound; four bytes for each of 16,000 samples a second.
  public var maximumSeconds = 4 * 60 * 60
  /// Samples a second that a file may have.
  let sampleRates = 1_000...192_000

  public init() {}

  public init(maximumSeconds: Int) {
    self.maximumSeconds = maximumSeconds
  }

  /// Samples of the answer, at most.
  var sampleCount: Int {
    max(0, min(maximumSeconds, Int.max / 2 / AudioFile.sampleRate)) * AudioFile.sampleRate
  }
}
