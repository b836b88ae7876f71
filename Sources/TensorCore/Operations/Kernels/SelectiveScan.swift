// The selective scan of a state space model (Gu and Dao 2023), position by position.

/// The parameters of a scan with a state of `[channels, stateLength]`, which lies behind the first part of a
/// page's state.
package struct SelectiveScan: Sendable {
  package let channelCount: Int
  /// Values of a channel's state, a multiple of 8.
  package let stateLength: Int
  /// How fast each value fades, `[channels, stateLength]`, below 0.
  private let decay: Vector
  /// What of the input goes past the state, `[channels]`.
  private let skip: Vector
  /// `[channels]`.
  private let stepBias: Vector

  package init(
    decay: Vector, skip: Vector, stepBias: Vector, stateLength: Int
  ) {
    precondition(stateLength % 8 == 0, "a state of \(stateLength) values a channel")
    channelCount = skip.count
    self.decay = decay
    self.skip = skip
    self.stepBias = stepBias
    self.stateLength = stateLength
  }

  /// Inputs of a scan, a row for each token.
  package struct Inputs {
    /// `[channels]`.
    package var values: FloatRows
    /// `[channels]`: the output is multiplied by its SiLU.
    package var gates: FloatRows
    /// `[channels]`, before bias and softplus.
    package var steps: FloatRows
    /// `[stateLength]`: what of the input goes into the state.
    package var writes: FloatRows
    /// `[stateLength]`: what of the state goes into the output.
    package var reads: FloatRows

    package init(
      values: FloatRows, gates: FloatRows, steps: FloatRows, writes: FloatRows, reads: FloatRows
    ) {
      self.values = values
      self.gates = gates
      self.steps = steps
      self.writes = writes
      self.reads = reads
    }
  }

  /// One channel part of one run.
  fileprivate func apply(
    _ run: RecurrentRun, _ channels: Range<Int>, _ inputs: Inputs, _ output: FloatRows
  ) {
    run.forEachRow(of: channels, length: stateLength, headLength: channelCount) {
      row, _, channels, state in
      step(row, channels, state, inputs, output)
    }
  }

  /// One token: `state = exp(step × decay) × state + step × value × writes`, and
  /// `output = (state · reads + skip × value) × silu(gate)`.
  private func step(
    _ row: Int, _ channels: Range<Int>, _ state: UnsafeMutablePointer<Float>, _ inputs: Inputs,
    _ output: FloatRows
  ) {
    let (writes, reads) = (inputs.writes.row(row), inputs.reads.row(row))
    let (values, gates) = (inputs.values.row(row), inputs.gates.row(row))
    let (steps, results) = (inputs.steps.row(row), output.row(row))
    for channel in channels {
      let step = softplus(steps[channel] + stepBias.values[channel])
      let value = step * values[channel]
      let channelState = state + (channel - channels.lowerBound) * stateLength
      let channelDecay = decay.values + channel * stateLength
      var sums = EightFloats(repeating: 0)
      for first in stride(from: 0, to: stateLength, by: 8) {
        var x =
          EightFloats(at: channelState + first)
          * (step * EightFloats(at: channelDecay + first)).exponential
        x += value * EightFloats(at: writes + first)
        x.write(to: channelState + first)
        sums += x * EightFloats(at: reads + first)
      }
      let sum = sums.total + skip.values[channel] * values[channel]
      results[channel] = sum * EightFloats(repeating: gates[channel]).silu[0]
    }
  }
}

extension Compute {
  /// The scan of all rows, into `[rows, channels]`; the state after each page is kept.
  package func scan(
    _ scan: SelectiveScan, _ inputs: SelectiveScan.Inputs, into output: FloatRows,
    runs: [RecurrentRun]
  ) {
    pool.forEachPart(of: runs, channels: scan.channelCount) { run, channels in
      scan.apply(run, channels, inputs, output)
    }
  }
}
