// Plain bytes on their way into records.

import NIOCore

/// What was written and is not encrypted yet, in order.
struct TLSPendingWrites {
  private var writes = CircularBuffer<(bytes: ByteBuffer, promise: EventLoopPromise<Void>?)>()

  var isEmpty: Bool { writes.isEmpty }

  mutating func append(_ bytes: ByteBuffer, _ promise: EventLoopPromise<Void>?) {
    writes.append((bytes, promise))
  }

  /// Takes what goes into the next record: as many small writes as fit, for a record of their own
  /// would cost each of them its head, its tag and a pass of the cipher; or a part of a large one.
  ///
  /// - Returns: the bytes, and the promises of the writes that end with them.
  mutating func next(atMost limit: Int) -> (bytes: ByteBuffer, promises: [EventLoopPromise<Void>])?
  {
    guard let write = writes.popFirst() else { return nil }
    var bytes = write.bytes
    guard bytes.readableBytes <= limit else {
      let part = bytes.readSlice(length: limit) ?? ByteBuffer()
      writes.prepend((bytes, write.promise))
      return (part, [])
    }
    var promises = write.promise.map { [$0] } ?? []
    while let next = writes.first, bytes.readableBytes + next.bytes.readableBytes <= limit {
      bytes.writeImmutableBuffer(next.bytes)
      if let promise = next.promise { promises.append(promise) }
      writes.removeFirst()
    }
    return (bytes, promises)
  }

  /// Gives everything up.
  mutating func fail(_ error: any Error) {
    while let write = writes.popFirst() { write.promise?.fail(error) }
  }
}
