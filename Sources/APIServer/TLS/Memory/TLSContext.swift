// What all TLS connections of a server share: its certificate, its key, and which versions and
// ciphers it speaks. The protocol is the system's OpenSSL; security fixes come with the system.

import COpenSSL

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A certificate and its key, ready for connections. Immutable; OpenSSL counts its users.
///
/// TLS 1.2 with forward secrecy and authenticated encryption, and TLS 1.3; no compression, no
/// renegotiation. Sessions are not resumed: nothing of a connection outlives it.
final class TLSContext: @unchecked Sendable {
  let raw: OpaquePointer

  /// Loads a certificate chain and its key, both in PEM.
  ///
  /// - Throws: `ServerError.unusableCertificate` with the file at fault.
  init(certificate: String, key: String) throws(ServerError) {
    ERR_clear_error()
    guard let raw = SSL_CTX_new(TLS_server_method()) else {
      throw .unusableCertificate(file: certificate, reason: Self.reason)
    }
    self.raw = raw
    guard apus_SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION) == 1,
      SSL_CTX_set_cipher_list(raw, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1
    else { throw .unusableCertificate(file: certificate, reason: Self.reason) }
    SSL_CTX_set_options(
      raw,
      apus_SSL_OP_NO_RENEGOTIATION | apus_SSL_OP_NO_COMPRESSION | apus_SSL_OP_NO_TICKET)
    SSL_CTX_set_num_tickets(raw, 0)
    apus_SSL_CTX_set_session_cache_mode(raw, Int(SSL_SESS_CACHE_OFF))
    // Writes may come again from another address, and idle connections keep no buffers.
    apus_SSL_CTX_set_mode(
      raw, Int(SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER) | Int(SSL_MODE_RELEASE_BUFFERS))
    SSL_CTX_set_alpn_select_cb(raw, selectProtocol, nil)
    // Without it OpenSSL would ask the terminal for a passphrase.
    SSL_CTX_set_default_passwd_cb(raw) { _, _, _, _ in 0 }
    try load(certificate: certificate, key: key)
  }

  deinit { SSL_CTX_free(raw) }

  private func load(certificate: String, key: String) throws(ServerError) {
    for file in [certificate, key] where access(file, R_OK) != 0 {
      throw .unusableCertificate(file: file, reason: String(cString: strerror(errno)))
    }
    guard SSL_CTX_use_certificate_chain_file(raw, certificate) == 1 else {
      throw .unusableCertificate(
        file: certificate, reason: "expected a certificate chain in PEM (\(Self.reason))")
    }
    guard SSL_CTX_use_PrivateKey_file(raw, key, SSL_FILETYPE_PEM) == 1 else {
      throw .unusableCertificate(
        file: key,
        reason: "expected the certificate's private key in PEM, without a passphrase "
          + "(\(Self.reason))")
    }
    guard SSL_CTX_check_private_key(raw) == 1 else {
      throw .unusableCertificate(file: key, reason: "it is not the certificate's key")
    }
  }

  /// OpenSSL's words for what just failed on this thread.
  private static var reason: String {
    let code = ERR_peek_last_error()
    ERR_clear_error()
    return ERR_reason_error_string(code).map { String(cString: $0) } ?? "error \(code)"
  }
}

/// ALPN (RFC 7301): a client that names its protocols must name HTTP/1.1.
private func selectProtocol(
  _: OpaquePointer?, chosen: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
  chosenCount: UnsafeMutablePointer<UInt8>?, offered: UnsafePointer<UInt8>?, offeredCount: UInt32,
  _: UnsafeMutableRawPointer?
) -> Int32 {
  let names = UnsafeBufferPointer(start: offered, count: Int(offeredCount))
  var place = 0
  while place < names.count {
    let start = place + 1
    let end = start + Int(names[place])
    guard end <= names.count else { break }
    if names[start..<end].elementsEqual("http/1.1".utf8) {
      chosen?.pointee = offered?.advanced(by: start)
      chosenCount?.pointee = names[place]
      return SSL_TLSEXT_ERR_OK
    }
    place = end
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL
}
