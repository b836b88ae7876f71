// From the bytes of a file to what a model hears: one channel, 16,000 samples a second.

/// Reads WAV, FLAC and MP3.
///
/// What a file announces is believed only as far as its bytes go: memory is at most a few times
/// that of the bytes and of the answer, and time is linear in both. A file that ends early gives
/// the samples that are there.
public enum AudioFile {
  /// Samples a second of every answer.
  public static let sampleRate = 16_000

  /// All samples of a file, as `AudioReader` gives them. To be called where work may take long.
  public static func samples(
    of bytes: [UInt8], limits: AudioLimits = .init()
  ) throws(AudioError) -> [Float] {
    var reader = try AudioReader(bytes, limits: limits)
    var samples: [Float] = []
    samples.reserveCapacity(reader.expectedCount)
    var block: [Float] = []
    while try reader.next(&block) { samples += block }
    return samples
  }
}

/// The samples of a file at 16 kHz, its channels mixed to one by their mean, from -1 to 1, block
/// after block: whoever keeps them decides where, and may stop between two.
///
/// A file at 16 kHz keeps its samples bit for bit; any other rate from 1,000 to 192,000 Hz is
/// resampled without delay, to a length that is rounded up.
public struct AudioReader {
  /// How many samples there will be, as far as the file tells and its bytes may hold them; else 0.
  public let expectedCount: Int
  private let limits: AudioLimits
  private var file: any SampleSource
  private var resampler: Resampler
  /// A block at the file's rate.
  private var frames: [Float] = []
  private var count = 0
  private var isOver = false

  /// - Throws: where the bytes are no file that is read here, or one that is too long.
  public init(_ bytes: [UInt8], limits: AudioLimits = .init()) throws(AudioError) {
    let (format, start) = try AudioFormat.find(in: bytes)
    switch format {
    case .wav: file = try WAVFile(bytes, from: start)
    case .flac: file = try FLACFile(bytes, from: start)
    case .mp3: file = try MP3File(bytes, from: start)
    }
    guard limits.sampleRates.contains(file.sampleRate) else {
      throw AudioError.unsupportedRate(file.sampleRate, limits)
    }
    self.limits = limits
    resampler = Resampler(from: file.sampleRate, to: AudioFile.sampleRate)
    let announced = file.frameCount.map(resampler.outputCount(for:)) ?? 0
    guard announced <= limits.sampleCount else { throw AudioError.tooLong(limits) }
    expectedCount = min(announced, bytes.count)
  }

  /// Replaces a block by the next samples, of which there may be none yet; false at the end, with
  /// nothing in it.
  ///
  /// - Throws: where the file is damaged, has no samples, or more than the limits allow.
  public mutating func next(_ block: inout [Float]) throws(AudioError) -> Bool {
    if isOver {
      block = []
      return false
    }
    block.removeAll(keepingCapacity: true)
    if try file.next(&frames) {
      resampler.append(frames, to: &block)
    } else {
      isOver = true
      resampler.finish(&block)
    }
    count += block.count
    guard count <= limits.sampleCount else { throw AudioError.tooLong(limits) }
    guard count > 0 || !isOver else { throw AudioError.empty(file.formatName) }
    for index in block.indices { block[index] = max(-1, min(1, block[index])) }
    return true
  }
}

/// A file being read: block after block of its samples, at its own rate, channels mixed to one.
protocol SampleSource {
  /// For messages.
  var formatName: String { get }
  /// Frames a second.
  var sampleRate: Int { get }
  /// Frames in the file where it says so and its bytes may hold them; at most `UInt32.max` times a
  /// few, so that a product with 16,000 fits.
  var frameCount: Int? { get }
  /// Replaces the block by the next samples; false at the end, with nothing in it.
  mutating func next(_ block: inout [Float]) throws(AudioError) -> Bool
}
