// Tensors of one file on their way into another, in another format.

package import KernelInterface
import KernelsPortable
import Synchronization

/// Writes tensors of files that are open, on all threads.
package struct TensorQuantizer {
  private let writer: GGUFWriter
  private let pool: WorkerPool

  package init(_ writer: GGUFWriter, pool: WorkerPool) {
    self.writer = writer
    self.pool = pool
  }

  /// Bytes that are made before they are written.
  private static let slabBytes = 16 << 20
  /// Bytes of a result that a thread makes at a time.
  private static let grainBytes = 64 << 10

  /// Writes the writer's next tensor: `tensor` as `format`, or byte for byte where it is of that
  /// format already. Its pages are given back to the system as they are consumed.
  ///
  /// - Parameter progress: called from time to time.
  /// - Throws: ``NotFinite`` where a weight is infinite or no number, `GGUFError` where the file cannot
  ///   be written, `AllocationError`.
  package func write(
    _ tensor: GGUFTensor, as format: TensorFormat, progress: () -> Void
  ) throws {
    let columns = tensor.shape[0]
    let rows = tensor.elementCount / columns
    let sourceBytes = tensor.byteCount / rows
    guard let targetBytes = format.rowBytes(elements: columns) else {
      preconditionFailure("\(columns) columns are no whole blocks of \(format)")
    }
    let slabRows = min(rows, max(1, Self.slabBytes / targetBytes))
    let isCopy = format == tensor.format
    let slab = try AlignedBuffer(byteCount: isCopy ? 0 : slabRows * targetBytes, filled: true)
    let floats = try AlignedBuffer(byteCount: isCopy ? 0 : pool.threadCount * columns * 4)
    let base = tensor.bytes.baseAddress!
    for first in stride(from: 0, to: rows, by: slabRows) {
      let count = min(slabRows, rows - first)
      let source = base + first * sourceBytes
      if isCopy {
        try writer.write(UnsafeRawBufferPointer(start: source, count: count * sourceBytes))
      } else {
        let bad = Atomic(-1)
        pool.forEach(count, grain: max(1, Self.grainBytes / targetBytes)) { range, worker in
          let row = floats.floats + worker * columns
          for index in range {
            dequantise(tensor.format, source + index * sourceBytes, count: columns, into: row)
            guard isFinite(row, count: columns) else {
              bad.store(first + index, ordering: .relaxed)
              return
            }
            quantise(format, row, count: columns, into: slab.base + index * targetBytes)
          }
        }
        let row = bad.load(ordering: .relaxed)
        if row >= 0 { throw NotFinite(tensor: tensor.name, row: row) }
        try writer.write(UnsafeRawBufferPointer(start: slab.base, count: count * targetBytes))
      }
      tensor.release(first * sourceBytes..<(first + count) * sourceBytes)
      progress()
    }
  }

  /// A tensor holds a weight that is infinite or no number.
  package struct NotFinite: Error {
    package let tensor: String
    package let row: Int
  }
}

/// Whether none of the numbers is infinite or no number.
private func isFinite(_ numbers: UnsafePointer<Float>, count: Int) -> Bool {
  // Zero times a finite number is zero, and times any other is no number.
  var sum = SIMD8<Float>()
  var index = 0
  while index + 8 <= count {
    sum += UnsafeRawPointer(numbers + index).loadUnaligned(as: SIMD8<Float>.self) * 0
    index += 8
  }
  var rest = sum.sum()
  while index < count {
    rest += numbers[index] * 0
    index += 1
  }
  return rest == 0
}
