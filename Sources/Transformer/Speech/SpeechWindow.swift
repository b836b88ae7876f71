// The part of a spectrogram that the encoder hears at a time.

import TensorCore

/// Frames of a window, `[frames + 2, bands]`: one of zeros on either side, as the first convolution
/// wants them.
package struct SpeechWindow: Sendable {
  /// What stands behind the end of a recording.
  package enum Fill: Sendable {
    /// Zeros, which OpenAI's program puts there: silence then gives no words.
    case zeros
    /// What silence looks like, as whisper.cpp has it.
    case silence
  }

  let values: PrivateFloats
  let bandCount: Int

  /// The frames from `first` on, a frame of the spectrogram.
  ///
  /// - Throws: `AllocationError` where the system has not so much memory.
  package init(
    _ spectrogram: LogMelSpectrogram, from first: Int, frameCount: Int, fill: Fill = .zeros
  ) throws {
    let bands = spectrogram.bandCount
    let end = fill == .zeros ? spectrogram.frameCount : spectrogram.values.count / bands
    let heard = max(0, min(frameCount, min(end, spectrogram.values.count / bands) - first))
    let values = try PrivateFloats(count: (frameCount + 2) * bands)
    values.copy(first * bands..<(first + heard) * bands, of: spectrogram.values, to: bands)
    if fill == .silence {
      for place in (1 + heard) * bands..<(1 + frameCount) * bands {
        values[place] = spectrogram.silence
      }
    }
    self.values = values
    bandCount = bands
  }
}
