// The gated delta rule (Yang, Kautz and Hatamizadeh 2024), position by position.

import KernelInterface

/// The parameters of heads that each keep a matrix of `[valueLength, keyLength]`.
///
/// A head forgets a part of what it keeps, and then corrects what it tells for a key:
/// `S = fade × S`, `S += strength × (value - S · key) ⊗ key`, and the output is `S · query / √keyLength`.
package struct GatedDelta: Sendable {
  /// How many heads there are, and how long.
  package struct Sizes: Sendable {
    /// Heads of queries and keys, which divides the number of value heads.
    package let keyHeadCount: Int
    package let valueHeadCount: Int
    /// A multiple of 8.
    package let keyLength: Int
    package let valueLength: Int

    package init(keyHeadCount: Int, valueHeadCount: Int, keyLength: Int, valueLength: Int) {
      self.keyHeadCount = keyHeadCount
      self.valueHeadCount = valueHeadCount
      self.keyLength = keyLength
      self.valueLength = valueLength
    }

    /// Queries, keys and values of a row, which stand in this order.
    package var inputWidth: Int { 2 * keyHeadCount * keyLength + outputWidth }
    package var outputWidth: Int { valueHeadCount * valueLength }
  }

  /// Where a value head reads.
  package struct Head: Sendable {
    let keyHead: Int
    /// The columns of its gates before their functions: of `fade` and of `strength`.
    let fade: Int
    let strength: Int

    package init(keyHead: Int, fade: Int, strength: Int) {
      self.keyHead = keyHead
      self.fade = fade
      self.strength = strength
    }
  }

  package let sizes: Sizes
  private let heads: [Head]
  /// What a head's step is multiplied with before it is the logarithm of `fade`, below 0.
  private let decay: Vector
  private let stepBias: Vector

  /// - Parameters:
  ///   - heads: for each value head.
  ///   - decay, stepBias: `[valueHeadCount]`.
  package init(_ sizes: Sizes, heads: [Head], decay: Vector, stepBias: Vector) {
    precondition(sizes.keyLength % 8 == 0, "keys of \(sizes.keyLength) values")
    precondition(heads.count == sizes.valueHeadCount, "\(heads.count) heads")
    self.sizes = sizes
    self.heads = heads
    self.decay = decay
    self.stepBias = stepBias
  }

  /// Inputs of a step, a row for each token.
  package struct Inputs {
    /// Queries, keys and values: `Sizes.inputWidth` values.
    package var values: FloatRows
    /// Where the heads find their gates.
    package var gates: FloatRows

    package init(values: FloatRows, gates: FloatRows) {
      self.values = values
      self.gates = gates
    }
  }

  /// One token in some rows of a head's matrix.
  fileprivate func step(
    _ row: Int, _ head: Int, _ channels: Range<Int>, _ state: UnsafeMutablePointer<Float>,
    _ inputs: Inputs, _ output: FloatRows, _ kernels: KernelTable
  ) {
    let length = sizes.keyLength
    let places = heads[head]
    let values = inputs.values.row(row)
    let gates = inputs.gates.row(row)
    let query = values + places.keyHead * length
    let time = softplus(gates[places.fade] + stepBias.values[head])
    let strength = 1 + EightFloats(repeating: -gates[places.strength]).exponential
    kernels.deltaRule(
      DeltaCall(
        matrix: state, rowCount: channels.count, length: length,
        key: query + sizes.keyHeadCount * length, query: query,
        value: values + 2 * sizes.keyHeadCount * length + channels.lowerBound,
        output: output.row(row) + channels.lowerBound,
        fade: EightFloats(repeating: time * decay.values[head]).exponential[0],
        strength: 1 / strength[0], scale: 1 / Float(length).squareRoot()))
  }
}

extension Compute {
  /// The rule for all rows, into `[rows, Sizes.outputWidth]`; the state after each page is kept where the
  /// page has room for it, behind that of a convolution.
  package func apply(
    _ rule: GatedDelta, _ inputs: GatedDelta.Inputs, into output: FloatRows, runs: [RecurrentRun]
  ) {
    let sizes = rule.sizes
    pool.forEachPart(of: runs, channels: sizes.outputWidth) { run, channels in
      run.forEachRow(
        of: channels, length: sizes.keyLength, headLength: sizes.valueLength
      ) { row, head, channels, state in
        rule.step(row, head, channels, state, inputs, output, kernels)
      }
    }
  }

  /// Gives `count` neighbouring vectors of each row the length 1: `x / √(Σ x² + epsilon)`. Their length is a
  /// multiple of 8.
  package func normaliseLengths(
    _ target: FloatRows, count: Int, length: Int, epsilon: Float, rows: Int
  ) {
    forEachRow(rows) { row in
      for vector in 0..<count {
        let values = target.row(row) + vector * length
        var squares = EightFloats(repeating: 0)
        for first in stride(from: 0, to: length, by: 8) {
          let x = EightFloats(at: values + first)
          squares += x * x
        }
        let factor = 1 / (squares.total + epsilon).squareRoot()
        for first in stride(from: 0, to: length, by: 8) {
          (EightFloats(at: values + first) * factor).write(to: values + first)
        }
      }
    }
  }

  /// Norms `count` neighbouring vectors of each row with the same weights.
  package func apply(
    _ weight: Vector, epsilon: Float, to target: FloatRows, count: Int, rows: Int
  ) {
    forEachRow(rows) { row in
      for vector in 0..<count {
        let values = target.row(row) + vector * weight.count
        kernels.rmsNorm(values, weight.values, weight.count, epsilon, values)
      }
    }
  }

  /// `target *= 1 / (1 + exp(-gate))` for `columns` values of each row, a multiple of 8.
  package func multiply(
    _ target: FloatRows, bySigmoidOf gate: FloatRows, columns: Int, rows: Int
  ) {
    forEachRow(rows) { row in
      let (values, gates) = (target.row(row), gate.row(row))
      for first in stride(from: 0, to: columns, by: 8) {
        let open = 1 / (1 + (-EightFloats(at: gates + first)).exponential)
        (EightFloats(at: values + first) * open).write(to: values + first)
      }
    }
  }
}
