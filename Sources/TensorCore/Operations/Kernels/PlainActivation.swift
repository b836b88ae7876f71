// Activations without a gate.

package import KernelInterface

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// log(1 + exp(x)).
package func softplus(_ x: Float) -> Float { x > 20 ? x : Float(log1p(exp(Double(x)))) }

/// What a gated activation is multiplied with where there is no gate.
private let ones = [Float](repeating: 1, count: 1024)

/// A function of each value between two products.
package enum PlainActivation: Sendable {
  /// The tanh form of GELU.
  case geluTanh
  /// GELU itself.
  case gelu
  /// max(x, 0)² (So et al. 2021).
  case squaredReLU
  /// For x > 0 positive × x² + slope × x, else negative × (exp(min(x, bound)) - 1 - x) + slope × x
  /// (xIELU, Huang and Schlag 2024).
  case xIELU(positive: Float, negative: Float, slope: Float, bound: Float)
}

extension Compute {
  /// `activation(input)` for `output.columns` values of each row, into `output`.
  package func activate(
    _ activation: PlainActivation, _ input: FloatRows, rows: Int, into output: Activations,
    quantised scaling: ActivationScaling?
  ) {
    let layout = output.layout(rows: rows)
    forEachRow(rows) { row in
      activate(activation, input, into: output, row: row, layout, quantised: scaling)
    }
  }

  /// The same for one row.
  func activate(
    _ activation: PlainActivation, _ input: FloatRows, into output: Activations, row: Int,
    _ layout: ActivationLayout, quantised scaling: ActivationScaling?
  ) {
    let values = output.floats.row(row)
    values.update(from: input.row(row), count: output.columns)
    switch activation {
    case .geluTanh:
      activate(.geluTanh, values, output.columns)
    case .gelu:
      activate(.gelu, values, output.columns)
    case .squaredReLU:
      for column in 0..<output.columns {
        let value = max(values[column], 0)
        values[column] = value * value
      }
    case .xIELU(let positive, let negative, let slope, let bound):
      for column in 0..<output.columns {
        let value = values[column]
        values[column] =
          value > 0
          ? positive * value * value + slope * value
          : negative * (expm1f(min(value, bound)) - value) + slope * value
      }
    }
    if let scaling { quantise(output, scaling, row: row, layout) }
  }

  /// `row = row / (1 + exp(-row))` for `columns` values of each row.
  package func silu(_ target: FloatRows, columns: Int, rows: Int) {
    forEachRow(rows) { row in activate(.silu, target.row(row), columns) }
  }

  /// What a gated activation makes of values without their gate.
  private func activate(
    _ activation: Activation, _ values: UnsafeMutablePointer<Float>, _ count: Int
  ) {
    ones.withUnsafeBufferPointer { ones in
      for first in stride(from: 0, to: count, by: ones.count) {
        kernels.gatedActivation(
          activation, values + first, ones.baseAddress!, min(ones.count, count - first))
      }
    }
  }

  /// `target *= 1 / (1 + exp(-input · gate))` for `columns` values of each row.
  package func gateRows(
    _ target: FloatRows, columns: Int, by gate: Vector, of input: FloatRows, rows: Int
  ) {
    forEachRow(rows) { row in
      let (values, source) = (target.row(row), input.row(row))
      var sum: Float = 0
      for column in 0..<gate.count { sum += source[column] * gate.values[column] }
      let factor = 1 / (1 + expf(-sum))
      for column in 0..<columns { values[column] *= factor }
    }
  }
}
