// One TLS connection without a network: bytes of the peer go in, plain bytes come out, and the
// other way round. Who moves them is `TLSHandler`.

import COpenSSL
import NIOCore

/// The server's side of one TLS connection. Not for several threads at once.
struct TLSSession: ~Copyable {
  /// How far a step came.
  enum Progress {
    case done
    /// More of the peer's bytes are needed first.
    case needsInput
    /// The peer has said that it sends nothing more (`close_notify`).
    case closedByPeer
    /// The peer breaks the protocol, or does not agree to ours. An alert that says so may be among
    /// the output; nothing else can be done any more.
    case failed
  }

  /// What one record holds at most (RFC 8446, section 5.1).
  static let recordBytes = 1 << 14

  private let connection: OpaquePointer
  /// Both belong to `connection`.
  private let input: OpaquePointer
  private let output: OpaquePointer

  /// Nil where memory is short.
  init?(_ context: TLSContext) {
    guard let connection = SSL_new(context.raw) else { return nil }
    guard let input = BIO_new(BIO_s_mem()), let output = BIO_new(BIO_s_mem()) else {
      SSL_free(connection)
      return nil
    }
    SSL_set_bio(connection, input, output)
    SSL_set_accept_state(connection)
    self.connection = connection
    self.input = input
    self.output = output
  }

  deinit { SSL_free(connection) }

  /// Takes bytes of the peer. False where memory is short.
  borrowing func receive(_ bytes: ByteBuffer) -> Bool {
    bytes.withUnsafeReadableBytes { bytes in
      bytes.isEmpty || BIO_write(input, bytes.baseAddress, Int32(bytes.count)) == bytes.count
    }
  }

  /// Goes on with the handshake; `done` once it is complete.
  borrowing func handshake() -> Progress {
    ERR_clear_error()
    return progress(after: SSL_do_handshake(connection))
  }

  /// Appends the plain bytes of all records that are complete; never `done`.
  borrowing func read(into buffer: inout ByteBuffer) -> Progress {
    ERR_clear_error()
    while true {
      var result: Int32 = 0
      buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.recordBytes) { space in
        result = SSL_read(connection, space.baseAddress, Int32(clamping: space.count))
        return Int(max(0, result))
      }
      if result <= 0 { return progress(after: result) }
    }
  }

  /// Encrypts at most `recordBytes` bytes into one record. False where the session has failed.
  borrowing func write(_ bytes: ByteBuffer) -> Bool {
    ERR_clear_error()
    return bytes.withUnsafeReadableBytes { bytes in
      bytes.isEmpty || SSL_write(connection, bytes.baseAddress, Int32(bytes.count)) == bytes.count
    }
  }

  /// Says that nothing more will be sent (`close_notify`).
  borrowing func close() {
    ERR_clear_error()
    _ = SSL_shutdown(connection)
    ERR_clear_error()
  }

  /// The bytes that the peer is to get; nil for none.
  borrowing func takeOutput(_ allocator: ByteBufferAllocator) -> ByteBuffer? {
    let count = BIO_ctrl_pending(output)
    guard count > 0 else { return nil }
    var buffer = allocator.buffer(capacity: count)
    buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { space in
      Int(max(0, BIO_read(output, space.baseAddress, Int32(count))))
    }
    return buffer
  }

  private borrowing func progress(after result: Int32) -> Progress {
    if result > 0 { return .done }
    let reason = SSL_get_error(connection, result)
    ERR_clear_error()
    return switch reason {
    case SSL_ERROR_WANT_READ: .needsInput
    case SSL_ERROR_ZERO_RETURN: .closedByPeer
    default: .failed
    }
  }
}
