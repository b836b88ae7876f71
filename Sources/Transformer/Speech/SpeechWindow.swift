// The part of a spectrogram that the encoder hears at a time.

/// Frames of a window, `[frames + 2, bands]`: one of zeros on either side, as the first convolution
/// wants them.
package struct SpeechWindow {
  /// What stands behind the end of a recording.
  package enum Fill: Sendable {
    /// Zeros, which OpenAI's program puts there: silence then gives no words.
    case zeros
    /// What silence looks like, as whisper.cpp has it.
    case silence
  }

  let values: [Float]
  let bandCount: Int

  /// The frames from `first` on.
  package init(
    _ spectrogram: LogMelSpectrogram, from first: Int, frameCount: Int, fill: Fill = .zeros
  ) {
    let bands = spectrogram.bandCount
    let end = fill == .zeros ? spectrogram.frameCount : spectrogram.values.count / bands
    let heard = max(0, min(frameCount, min(end, spectrogram.values.count / bands) - first))
    var values = [Float](repeating: 0, count: bands)
    values.reserveCapacity((frameCount + 2) * bands)
    values += spectrogram.values[first * bands..<(first + heard) * bands]
    values += Array(
      repeating: fill == .zeros ? 0 : spectrogram.silence, count: (frameCount - heard) * bands)
    values += Array(repeating: 0, count: bands)
    self.values = values
    bandCount = bands
  }
}
