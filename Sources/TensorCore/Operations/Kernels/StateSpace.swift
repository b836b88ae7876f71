// A state space model with one decay for a head (Mamba-2, Dao and Gu 2024), position by position.

import KernelInterface

/// The parameters of heads that each keep a matrix of `[headLength, stateLength]`.
///
/// `S = exp(t × decay) × S + t × value ⊗ write` with `t = softplus(step + bias)`, and the output is
/// `S · read + skip × value`. Heads of a group share what they write by and read by.
package struct StateSpace: Sendable {
  /// How many heads there are, and how long.
  package struct Sizes: Sendable {
    package let headCount: Int
    package let headLength: Int
    /// Divides the number of heads.
    package let groupCount: Int
    /// A multiple of 8.
    package let stateLength: Int

    package init(headCount: Int, headLength: Int, groupCount: Int, stateLength: Int) {
      self.headCount = headCount
      self.headLength = headLength
      self.groupCount = groupCount
      self.stateLength = stateLength
    }

    /// Values of all heads.
    package var width: Int { headCount * headLength }
    /// Values of a row, what its groups write by and what they read by, which stand in this order.
    package var inputWidth: Int { width + 2 * groupCount * stateLength }
  }

  package let sizes: Sizes
  /// What a head's step is multiplied with before it is the logarithm of what is left, below 0.
  private let decay: Vector
  private let skip: Vector
  private let stepBias: Vector

  /// - Parameters:
  ///   - decay: `[headCount]`, as are the others.
  package init(_ sizes: Sizes, decay: Vector, skip: Vector, stepBias: Vector) {
    precondition(sizes.stateLength % 8 == 0, "a state of \(sizes.stateLength) values a channel")
    self.sizes = sizes
    self.decay = decay
    self.skip = skip
    self.stepBias = stepBias
  }

  /// Inputs of a step, a row for each token.
  package struct Inputs {
    /// `Sizes.inputWidth` values.
    package var values: FloatRows
    /// `[headCount]`, before bias and softplus.
    package var steps: FloatRows

    package init(values: FloatRows, steps: FloatRows) {
      self.values = values
      self.steps = steps
    }
  }

  /// One token in some rows of a head's matrix.
  fileprivate func step(
    _ row: Int, _ head: Int, _ channels: Range<Int>, _ state: UnsafeMutablePointer<Float>,
    _ inputs: Inputs, _ output: FloatRows, _ kernels: KernelTable
  ) {
    let length = sizes.stateLength
    let values = inputs.values.row(row)
    let group = head / (sizes.headCount / sizes.groupCount)
    let write = values + sizes.width + group * length
    let time = softplus(inputs.steps.row(row)[head] + stepBias.values[head])
    kernels.stateSpace(
      StateSpaceCall(
        matrix: state, rowCount: channels.count, length: length, write: write,
        read: write + sizes.groupCount * length, value: values + channels.lowerBound,
        output: output.row(row) + channels.lowerBound,
        fade: EightFloats(repeating: time * decay.values[head]).exponential[0],
        step: time, skip: skip.values[head]))
  }
}

extension Compute {
  /// The model for all rows, into `[rows, Sizes.width]`; the state after each page is kept where the page
  /// has room for it, behind that of a convolution.
  package func apply(
    _ space: StateSpace, _ inputs: StateSpace.Inputs, into output: FloatRows, runs: [RecurrentRun]
  ) {
    let sizes = space.sizes
    pool.forEachPart(of: runs, channels: sizes.width) { run, channels in
      run.forEachRow(
        of: channels, length: sizes.stateLength, headLength: sizes.headLength
      ) { row, head, channels, state in
        space.step(row, head, channels, state, inputs, output, kernels)
      }
    }
  }

  /// Norms `count` neighbouring vectors of each row, each with its own part of the weights.
  package func apply(
    _ weights: Vector, parts count: Int, epsilon: Float, to target: FloatRows, rows: Int
  ) {
    let length = weights.count / count
    forEachRow(rows) { row in
      for part in 0..<count {
        let values = target.row(row) + part * length
        kernels.rmsNorm(values, weights.values + part * length, length, epsilon, values)
      }
    }
  }
}
