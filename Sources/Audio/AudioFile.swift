// From the bytes of a file to what a model hears: one channel, 16,000 samples a second.

/// Reads WAV, FLAC and MP3.
///
/// What a file announces is believed only as far as its bytes go: memory is at most a few times
/// that of the bytes and of the answer, and time is linear in both. A file that ends early gives
/// the samples that are there.
public enum AudioFile {
  /// Samples a second of every answer.
  public static let sampleRate = 16_000

  /// The samples of a file at 16 kHz, its channels mixed to one by their mean, from -1 to 1.
  ///
  /// A file at 16 kHz keeps its samples bit for bit; any other rate from 1,000 to 192,000 Hz is
  /// resampled without delay, to a length that is rounded up. Checks for cancellation as it goes.
  public static func samples(
    of bytes: [UInt8], limits: AudioLimits = .init()
  ) throws(AudioError) -> [Float] {
    let (format, start) = try AudioFormat.find(in: bytes)
    switch format {
    case .wav: return try read(WAVFile(bytes, from: start), byteCount: bytes.count, limits)
    case .flac: return try read(FLACFile(bytes, from: start), byteCount: bytes.count, limits)
    case .mp3: return try read(MP3File(bytes, from: start), byteCount: bytes.count, limits)
    }
  }

  private static func read(
    _ file: some SampleSource, byteCount: Int, _ limits: AudioLimits
  ) throws(AudioError) -> [Float] {
    var file = file
    guard limits.sampleRates.contains(file.sampleRate) else {
      throw AudioError.unsupportedRate(file.sampleRate, limits)
    }
    var resampler = Resampler(from: file.sampleRate, to: sampleRate)
    var samples: [Float] = []
    if let announced = file.frameCount {
      let expected = resampler.outputCount(for: announced)
      guard expected <= limits.sampleCount else { throw AudioError.tooLong(limits) }
      samples.reserveCapacity(min(expected, byteCount))
    }
    var block: [Float] = []
    while try file.next(&block) {
      guard !Task.isCancelled else { throw AudioError.cancelled }
      resampler.append(block, to: &samples)
      guard samples.count <= limits.sampleCount else { throw AudioError.tooLong(limits) }
    }
    resampler.finish(&samples)
    guard samples.count <= limits.sampleCount else { throw AudioError.tooLong(limits) }
    guard !samples.isEmpty else { throw AudioError.empty(file.formatName) }
    for index in samples.indices { samples[index] = max(-1, min(1, samples[index])) }
    return samples
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
