// The selective scan of a state space model (Gu and Dao 2023), position by position.

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The parameters of a scan with a state of `[channels, stateLength]`.
package struct SelectiveScan: Sendable {
  package let channelCount: Int
  /// Values of a channel's state, a multiple of 8.
  package let stateLength: Int
  /// Where the state begins in a page's state, in floats.
  package let stateOffset: Int
  /// How fast each value fades, `[channels, stateLength]`, below 0.
  private let decay: Vector
  /// What of the input goes past the state, `[channels]`.
  private let skip: Vector
  /// `[channels]`.
  private let stepBias: Vector

  package init(
    decay: Vector, skip: Vector, stepBias: Vector, stateLength: Int, stateOffset: Int
  ) {
    precondition(stateLength % 8 == 0, "a state of \(stateLength) values a channel")
    channelCount = skip.count
    self.decay = decay
    self.skip = skip
    self.stepBias = stepBias
    self.stateLength = stateLength
    self.stateOffset = stateOffset
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
    let part = stateOffset + channels.lowerBound * stateLength
    let count = channels.count * stateLength
    var before = run.stateBefore.map { $0 + part }
    for page in run.pages {
      let state = run.state(page: page) + part
      if let before {
        if before != state { state.update(from: before, count: count) }
      } else {
        state.update(repeating: 0, count: count)
      }
      for row in run.rows(of: page) {
        step(row + run.rows.lowerBound, channels, state, inputs, output)
      }
      before = state
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
        var x = load(channelState + first) * exponential(step * load(channelDecay + first))
        x += value * load(writes + first)
        UnsafeMutableRawPointer(channelState + first).storeBytes(of: x, as: EightFloats.self)
        sums += x * load(reads + first)
      }
      let halves = sums.lowHalf + sums.highHalf
      let quarters = halves.lowHalf + halves.highHalf
      let sum = quarters[0] + quarters[1] + skip.values[channel] * values[channel]
      let gate = gates[channel]
      results[channel] = sum * siluOf(EightFloats(repeating: gate))[0]
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

  /// `row = row / (1 + exp(-row))` for `columns` values of each row, a multiple of 8.
  package func silu(_ target: FloatRows, columns: Int, rows: Int) {
    forEachRow(rows) { row in
      let values = target.row(row)
      for first in stride(from: 0, to: columns, by: 8) {
        UnsafeMutableRawPointer(values + first).storeBytes(
          of: siluOf(load(values + first)), as: EightFloats.self)
      }
    }
  }
}

private typealias EightFloats = SIMD8<Float>

@inline(__always)
private func load(_ address: UnsafePointer<Float>) -> EightFloats {
  UnsafeRawPointer(address).loadUnaligned(as: EightFloats.self)
}

private func siluOf(_ x: EightFloats) -> EightFloats { x / (1 + exponential(-x)) }

/// exp(x), relative error below 3e-7; 0 below -87.3, finite above 88.3.
///
/// `exp(x) = 2^n · exp(r)` with `n = round(x / ln 2)` and a degree-6 polynomial, with each product
/// and each sum rounded: the same bits on every processor.
@inline(__always)
private func exponential(_ x: EightFloats) -> EightFloats {
  var bounded = x.replacing(with: -104, where: x .< -104)
  bounded = bounded.replacing(with: 88.37626, where: bounded .> 88.37626)
  let shifted = bounded * 1.442_695_04 + 12_582_912
  let n = shifted - 12_582_912
  let r = (bounded - n * 0.693_359_375) + n * 2.121_944_4e-4
  var p = r * 1.388_889e-3 + 8.333_334e-3
  p = p * r + 4.166_666_7e-2
  p = p * r + 0.166_666_67
  p = p * r + 0.5
  p = p * r + 1
  p = p * r + 1
  // The low bits of the shifted number are n.
  let exponent = unsafeBitCast(shifted, to: SIMD8<Int32>.self) &- 0x4B40_0000 &+ 127
  let power = exponent.replacing(with: 0, where: exponent .< 1) &<< 23
  return p * unsafeBitCast(power, to: EightFloats.self)
}
