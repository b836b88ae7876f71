// A convolution over a sequence, each channel by itself, that sees no later positions.

/// The weights of a causal depthwise convolution.
package struct CausalConvolution: Sendable {
  package let channelCount: Int
  /// Positions that an output sees, its own included.
  package let tapCount: Int
  /// `[taps, channels]`, the earliest first.
  private let weights: [Float]
  private let bias: Vector?

  /// Values of a sequence's state: the inputs of the last `tapCount - 1` positions.
  package var stateCount: Int { (tapCount - 1) * channelCount }

  /// - Parameter weights: `[channels, taps]`, as files have them.
  package init(_ weights: Vector, bias: Vector?, channelCount: Int, tapCount: Int) {
    self.channelCount = channelCount
    self.tapCount = tapCount
    self.bias = bias
    var turned = [Float](repeating: 0, count: weights.count)
    for channel in 0..<channelCount {
      for tap in 0..<tapCount {
        turned[tap * channelCount + channel] = weights.values[channel * tapCount + tap]
      }
    }
    self.weights = turned
  }

  /// One channel part of one run.
  fileprivate func apply(
    _ run: RecurrentRun, _ channels: Range<Int>, _ input: FloatRows, _ output: FloatRows
  ) {
    let before = run.stateBefore()
    /// The input of a row of the run, or before it.
    func source(_ row: Int) -> UnsafeMutablePointer<Float>? {
      row >= 0
        ? input.row(run.rows.lowerBound + row)
        : before.map { $0 + (tapCount - 1 + row) * channelCount }
    }
    weights.withUnsafeBufferPointer { weights in
      for row in run.rows.indices.map({ $0 - run.rows.lowerBound }) {
        let target = output.row(run.rows.lowerBound + row)
        for channel in channels { target[channel] = bias?.values[channel] ?? 0 }
        for tap in 0..<tapCount {
          guard let values = source(row - tapCount + 1 + tap) else { continue }
          let weight = weights.baseAddress! + tap * channelCount
          for channel in channels { target[channel] += weight[channel] * values[channel] }
        }
      }
    }
    // The state before the run lies in the block of the first page, which is written last and in
    // order, so that nothing is overwritten that is still read.
    for page in run.pages.reversed() {
      guard let state = run.states.state(page: page, part: 0) else { continue }
      let last = run.rows(of: page).upperBound - 1
      for tap in 0..<tapCount - 1 {
        let target = state + tap * channelCount
        let values = source(last - tapCount + 2 + tap)
        for channel in channels { target[channel] = values.map { $0[channel] } ?? 0 }
      }
    }
  }
}

extension Compute {
  /// `output[t, c] = bias[c] + Σ_k weights[k, c] × input[t - taps + 1 + k, c]`, and keeps the last
  /// inputs at the beginning of each page's state. `output` is not `input`.
  package func convolve(
    _ convolution: CausalConvolution, _ input: FloatRows, into output: FloatRows,
    runs: [RecurrentRun]
  ) {
    pool.forEachPart(of: runs, channels: convolution.channelCount) { run, channels in
      convolution.apply(run, channels, input, output)
    }
  }
}
