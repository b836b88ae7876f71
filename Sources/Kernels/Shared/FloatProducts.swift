// Products of float weights: 16 rows × up to 8 tokens in registers, columns in order.

import KernelInterface

/// Multiplies panels of float weights with float activations.
@Sendable
func floatProduct(_ call: FloatProduct) {
  switch call.format {
  case .F32: walk(call, SingleColumn.self)
  case .F16: walk(call, HalfColumn.self)
  case .BF16: walk(call, BrainColumn.self)
  default: preconditionFailure("integer panels go through integerProduct")
  }
}

/// One column of a panel: 16 weights.
protocol FloatColumn {
  static var bytes: Int { get }
  static func load(_ address: UnsafeRawPointer) -> Floats
}

enum SingleColumn: FloatColumn {
  static var bytes: Int { 64 }
  @inline(__always) static func load(_ address: UnsafeRawPointer) -> Floats {
    address.loadUnaligned(as: Floats.self)
  }
}

enum HalfColumn: FloatColumn {
  static var bytes: Int { 32 }
  @inline(__always) static func load(_ address: UnsafeRawPointer) -> Floats {
    loadHalves(address)
  }
}

enum BrainColumn: FloatColumn {
  static var bytes: Int { 32 }
  @inline(__always) static func load(_ address: UnsafeRawPointer) -> Floats {
    loadBrainFloats(address)
  }
}

@inline(__always)
private func walk<Column: FloatColumn>(_ call: FloatProduct, _ column: Column.Type) {
  for p in 0..<call.panelCount {
    let panel = call.panels + p * call.panelBytes
    let output = call.output + p * panelRowCount
    var token = 0
    while token < call.tokenCount {
      let activations = call.activations + token * call.activationStride
      let left = call.tokenCount - token
      let target = output + token * call.outputStride
      if left >= 8 {
        add(call, panel, activations, target, column, InlineArray<8, Floats>.self)
        token += 8
      } else if left >= 4 {
        add(call, panel, activations, target, column, InlineArray<4, Floats>.self)
        token += 4
      } else if left >= 2 {
        add(call, panel, activations, target, column, InlineArray<2, Floats>.self)
        token += 2
      } else {
        add(call, panel, activations, target, column, InlineArray<1, Floats>.self)
        token += 1
      }
    }
  }
}

@inline(__always)
private func add<let T: Int, Column: FloatColumn>(
  _ call: FloatProduct, _ panel: UnsafeRawPointer, _ activations: UnsafePointer<Float>,
  _ output: UnsafeMutablePointer<Float>, _ column: Column.Type,
  _ tokens: InlineArray<T, Floats>.Type
) {
  var sums = InlineArray<T, Floats>(repeating: Floats(repeating: 0))
  for c in 0..<call.columns {
    let weights = Column.load(panel + c * Column.bytes)
    unrolled(T) { t in
      let activation = Floats(repeating: activations[t * call.activationStride + c])
      sums[t] = multiplyAdd(weights, activation, sums[t])
    }
  }
  for t in 0..<T { store(sums[t], output + t * call.outputStride) }
}
