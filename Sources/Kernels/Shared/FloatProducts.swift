// Products of float weights: 16 rows × up to 12 tokens in registers, columns in order.

import KernelInterface

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

enum FloatTile<Column: FloatColumn>: Tile {
  @inline(__always)
  static func sums<let T: Int>(
    _ panel: UnsafeRawPointer, _ columns: Int, _ tokens: TileTokens
  ) -> InlineArray<T, Floats> {
    var sums = InlineArray<T, Floats>(repeating: Floats(repeating: 0))
    for column in 0..<columns {
      let weights = Column.load(panel + column * Column.bytes)
      unrolled(T) { t in
        let activation = broadcastFloat(tokens.base + t * tokens.stride + column * 4)
        sums[t] = multiplyAdd(weights, activation, sums[t])
      }
    }
    return sums
  }
}
