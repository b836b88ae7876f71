// Products of one input with one or more weight matrices, in one parallel region.

package import KernelInterface

/// One linear map, or several that share their input (query, key and value; gate and up).
///
/// The outputs stand side by side in a row, each padded to a multiple of 16 values.
package struct Projection: Sendable {
  package let parts: [PackedMatrix]
  /// Where each part's output begins in a row.
  package let offsets: [Int]
  /// Values of an output row.
  package let outputStride: Int
  /// Values of an input row.
  package let columnCount: Int
  /// How the parts want their input quantised; nil where all read its floats.
  package let scaling: ActivationScaling?
  fileprivate let panelCount: Int
  /// Bytes of the largest panel.
  private let panelBytes: Int
  fileprivate let list: PanelList

  /// What a run of panels, and the activations that it is multiplied with, may take of the
  /// second-level cache: a third of the 1 MiB that processors have today.
  private static let cachedBytes = 384 << 10
  /// Tokens that a kernel takes at once, at most.
  private static let tile = 12

  /// Parts with the same number of columns.
  package init(_ parts: [PackedMatrix]) {
    precondition(
      parts.allSatisfy { $0.columnCount == parts[0].columnCount }, "parts that share an input")
    self.parts = parts
    var offset = 0
    offsets = parts.map { part in
      defer { offset += part.paddedRowCount }
      return offset
    }
    outputStride = offset
    columnCount = parts[0].columnCount
    let scalings = parts.compactMap(\.format.activationScaling)
    scaling = scalings.contains(.fourBlocks) ? .fourBlocks : scalings.first
    panelCount = parts.reduce(0) { $0 + $1.panelCount }
    panelBytes = max(1, parts.reduce(0) { max($0, $1.panelBytes) })
    list = PanelList(parts, offsets: offsets)
  }

  package init(_ matrix: PackedMatrix) { self.init([matrix]) }

  /// Bytes of the packed weights.
  package var byteCount: Int { parts.reduce(0) { $0 + $1.byteCount } }

  /// `output[t, offsets[i] + r] = Σ_c parts[i][r, c] × input[t, c]` for `rows` rows.
  ///
  /// The input is quantised as `scaling` says. Output rows are `outputStride` wide.
  package func multiply(
    _ input: Activations, rows: Int, into output: FloatRows, _ compute: Compute
  ) {
    guard rows > 0 else { return }
    let product = Product(self, input, rows: rows, into: output)
    let call = product.call
    let kernel = compute.kernels.product
    withExtendedLifetime(product) {
      compute.forEachCall(product.plan(compute, neighbours: 1)) { panels, rows, _ in
        call.multiply(panels, rows, kernel)
      }
    }
  }

  /// How many panels a thread takes at a time, and how many tokens a call of the kernel.
  ///
  /// - Parameter neighbours: products in the same region, this one included.
  func cut(
    rows: Int, _ layout: ActivationLayout, _ compute: Compute, neighbours: Int
  ) -> (panels: Int, tokens: Int) {
    // Enough runs to even out the threads, large enough to amortise the counter.
    let runs = max(2, compute.pool.threadCount * (rows == 1 ? 8 : 16) / neighbours)
    if scaling != nil, let many = compute.kernels.manyTokens, rows >= many.least {
      let calls = (rows + many.most - 1) / many.most
      let tokens = ((rows + calls - 1) / calls + Self.tile - 1) / Self.tile * Self.tile
      return (max(2, min(many.panelCount, panelCount / runs / 2 * 2)), tokens)
    }
    // Where several rows read a run, it stays in the second-level cache between them, and so do the
    // activations of one pass while the runs go by.
    let largest = rows == 1 ? panelCount : max(1, Self.cachedBytes / panelBytes)
    // Kernels of float weights take panels two by two.
    let unit = scaling == nil ? 2 : 1
    let tokens = max(1, Self.cachedBytes / max(1, layout.rowBytes) / Self.tile) * Self.tile
    return (max(unit, min(panelCount / runs, largest) / unit * unit), tokens)
  }
}

/// A projection and the rows that it multiplies: one of several in a region, or the only one.
package struct Product {
  private let projection: Projection
  private let input: Activations
  private let rows: Int
  private let output: FloatRows

  package init(_ projection: Projection, _ input: Activations, rows: Int, into output: FloatRows) {
    self.projection = projection
    self.input = input
    self.rows = rows
    self.output = output
  }

  fileprivate func plan(_ compute: Compute, neighbours: Int) -> CallPlan {
    let cut = projection.cut(
      rows: rows, input.layout(rows: rows), compute, neighbours: neighbours)
    return CallPlan(
      panelCount: projection.panelCount, panels: cut.panels, rows: rows, tokens: cut.tokens)
  }

  fileprivate var call: ProductCall { ProductCall(projection, input, rows: rows, into: output) }
}

/// A product as its threads see it, while somebody else keeps the projection.
private struct ProductCall {
  private let parts: PanelParts
  private let input: Activations
  private let layout: ActivationLayout
  private let output: FloatRows

  init(_ projection: Projection, _ input: Activations, rows: Int, into output: FloatRows) {
    parts = projection.list.parts
    self.input = input
    layout = input.layout(rows: rows)
    self.output = output
  }

  /// One run of panels, counted over all parts, for some rows.
  func multiply(_ range: Range<Int>, _ rows: Range<Int>, _ kernel: (PanelProduct) -> Void) {
    var base = 0
    for (panels, offset) in parts {
      defer { base += panels.panelCount }
      let from = max(range.lowerBound, base) - base
      let to = min(range.upperBound, base + panels.panelCount) - base
      guard from < to else { continue }
      let target = output.rows(from: rows.lowerBound).columns(from: offset + from * panelRowCount)
      panels.multiply(from..<to, input, layout, rows, target, kernel)
    }
  }
}

extension Compute {
  /// Does several products as `Projection.multiply` does one, in one parallel region.
  package func multiply(_ products: [Product]) {
    let calls = products.map(\.call)
    let kernel = kernels.product
    withExtendedLifetime(products) {
      forEachCall(of: products.map { $0.plan(self, neighbours: products.count) }) {
        product, panels, rows, _ in
        calls[product].multiply(panels, rows, kernel)
      }
    }
  }
}
