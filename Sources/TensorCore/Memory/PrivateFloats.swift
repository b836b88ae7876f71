// Numbers that tell what people say.

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Floats in memory that is in no core file, and that is wiped when nobody holds them any more.
///
/// Whoever writes sees to it that nobody reads the same ones meanwhile.
package final class PrivateFloats: @unchecked Sendable {
  package let count: Int
  private let buffer: AlignedBuffer

  /// `count` zeros; at least 0.
  ///
  /// - Throws: where the system has not so much memory.
  package init(count: Int) throws(AllocationError) {
    let (byteCount, isTooMany) = count.multipliedReportingOverflow(by: 4)
    guard !isTooMany else { throw AllocationError(byteCount: .max) }
    buffer = try AlignedBuffer(byteCount: byteCount, privacy: .undumped)
    self.count = count
  }

  /// Copies values.
  ///
  /// - Throws: where the system has not so much memory.
  package convenience init(_ values: [Float]) throws(AllocationError) {
    try self.init(count: values.count)
    copy(values, to: 0)
  }

  deinit { buffer.wipe(usedBytes: buffer.byteCount) }

  package subscript(index: Int) -> Float {
    get {
      precondition(index >= 0 && index < count, "there is no such number")
      return buffer.floats[index]
    }
    set {
      precondition(index >= 0 && index < count, "there is no such number")
      buffer.floats[index] = newValue
    }
  }

  /// Some of them, to be looked at while they are held.
  package subscript(range: Range<Int>) -> UnsafeBufferPointer<Float> {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "there are no such numbers")
    return UnsafeBufferPointer(start: buffer.floats + range.lowerBound, count: range.count)
  }

  /// Copies some of others.
  ///
  /// - Parameter place: where the first one comes.
  package func copy(_ range: Range<Int>, of other: PrivateFloats, to place: Int) {
    precondition(place >= 0 && place + range.count <= count, "there is no room for them")
    guard let first = other[range].baseAddress else { return }
    (buffer.floats + place).update(from: first, count: range.count)
  }

  /// Copies values.
  ///
  /// - Parameter place: where the first one comes.
  package func copy(_ values: [Float], to place: Int) {
    precondition(place >= 0 && place + values.count <= count, "there is no room for them")
    values.withUnsafeBufferPointer { source in
      guard let first = source.baseAddress else { return }
      (buffer.floats + place).update(from: first, count: source.count)
    }
  }
}
