// Sound as the encoder hears it: the logarithm of the power in bands of the mel scale.

package import TensorCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Log-mel frames of a recording, 10 ms apart (Radford et al. 2022), `[frames, bands]`.
///
/// Frames are of 400 samples under a periodic Hann window, around every 160th sample; the beginning
/// is mirrored, and zeros follow the end. `x = max(log10(max(power, 1e-10)), maximum - 8) / 4 + 1`,
/// where the maximum is that of the whole recording.
package struct LogMelSpectrogram: Sendable {
  /// Frames of the recording: samples / 160.
  package let frameCount: Int
  package let bandCount: Int
  /// Frames that hear anything of the recording: one or two more.
  package let values: PrivateFloats
  /// What every band is where nothing is heard.
  package let silence: Float

  /// Samples of a second.
  package static let sampleRate = 16_000
  /// Samples from frame to frame.
  package static let hop = 160
  package static let secondsPerFrame = Double(hop) / Double(sampleRate)

  /// - Parameters:
  ///   - samples: mono, 16 kHz; numbers that are not finite count as 0.
  ///   - filters: `[bands, SpectralTransform.binCount]`, the weight of each bin in each band.
  ///   - isCancelled: is asked every half minute of sound; true ends with `CancellationError`.
  /// - Throws: `AllocationError` too, where the system has not so much memory.
  init(
    _ samples: PrivateFloats, filters: [Float], pool: WorkerPool, isCancelled: () -> Bool
  ) throws {
    let bands = filters.count / SpectralTransform.binCount
    let half = SpectralTransform.length / 2
    let heard = samples.count == 0 ? 0 : (samples.count + half + Self.hop - 1) / Self.hop
    let together = SpectralTransform.frameCount
    let filterBank = FilterBank(filters, bandCount: bands)
    let window = (0..<SpectralTransform.length).map {
      0.5 - 0.5 * cos(2 * .pi * Double($0) / Double(SpectralTransform.length))
    }
    let values = try PrivateFloats(count: heard * bands)
    // The largest of each group.
    var groups = [Float](repeating: Self.least, count: (heard + together - 1) / together)
    var workers = [Worker](repeating: Worker(), count: pool.threadCount)
    let groupsAtOnce = 30 * Self.sampleRate / Self.hop / together
    for first in stride(from: 0, to: groups.count, by: groupsAtOnce) {
      if isCancelled() { throw CancellationError() }
      let part = first..<min(first + groupsAtOnce, groups.count)
      pool.fill(&groups, part, scratch: &workers) { group, worker in
        worker.transform.powers { frame, index in
          let place = abs((group * together + frame) * Self.hop - half + index)
          guard place < samples.count else { return 0 }
          let sample = samples[place]
          return sample.isFinite ? window[index] * Double(sample) : 0
        } power: { frame, bin, value in
          worker.powers[frame * SpectralTransform.binCount + bin] = value
        }
        var largest = Self.least
        let first = group * together
        for frame in 0..<min(together, heard - first) {
          filterBank.forEachBand(worker.powers, from: frame * SpectralTransform.binCount) {
            values[(first + frame) * bands + $0] = $1
            largest = max(largest, $1)
          }
        }
        return largest
      }
    }
    let floor = (groups.max() ?? Self.least) - 8
    for index in 0..<values.count { values[index] = (max(values[index], floor) + 4) / 4 }
    frameCount = samples.count / Self.hop
    bandCount = bands
    self.values = values
    silence = (max(Self.least, floor) + 4) / 4
  }

  /// The logarithm of next to no power.
  private static let least: Float = -10

  /// What a thread works on.
  private struct Worker {
    var transform = SpectralTransform()
    var powers = [Double](
      repeating: 0, count: SpectralTransform.frameCount * SpectralTransform.binCount)
  }

  /// The bins of each band that have a weight.
  private struct FilterBank: Sendable {
    let bands: [(first: Int, weights: [Double])]

    init(_ filters: [Float], bandCount: Int) {
      let bins = SpectralTransform.binCount
      bands = (0..<bandCount).map { band in
        let row = filters[band * bins..<(band + 1) * bins]
        guard let first = row.firstIndex(where: { $0 != 0 }),
          let last = row.lastIndex(where: { $0 != 0 })
        else { return (0, []) }
        return (first - band * bins, row[first...last].map { Double($0) })
      }
    }

    /// Calls `body` with each band and the logarithm of the power in it.
    func forEachBand(
      _ powers: [Double], from offset: Int, _ body: (_ band: Int, _ value: Float) -> Void
    ) {
      for (band, (first, weights)) in bands.enumerated() {
        var sum = 0.0
        for (index, weight) in weights.enumerated() {
          sum += weight * powers[offset + first + index]
        }
        // An infinite sum would spread over all frames as the maximum.
        body(band, Float(log10(min(max(sum, 1e-10), 1e30))))
      }
    }
  }
}
