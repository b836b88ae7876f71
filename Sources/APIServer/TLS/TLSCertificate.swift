// The certificate of a server, which may change while it runs.

import Logging
import ServiceLifecycle
import Synchronization
import UnixSignals

/// A certificate and its key out of two files.
final class TLSCertificate: Sendable {
  private let certificate: String
  private let key: String
  private let loaded: Mutex<TLSContext>

  /// - Throws: `ServerError.unusableCertificate` with the file at fault.
  init(certificate: String, key: String) throws(ServerError) {
    self.certificate = certificate
    self.key = key
    loaded = Mutex(try TLSContext(certificate: certificate, key: key))
  }

  /// What new connections are met with.
  var context: TLSContext { loaded.withLock { $0 } }

  /// Reads the files again. Running connections keep what they began with; where a file cannot be
  /// used, new ones do too.
  func reload() throws(ServerError) {
    let context = try TLSContext(certificate: certificate, key: key)
    loaded.withLock { $0 = context }
  }
}

/// Reads the certificate again at every SIGHUP, which without a certificate does nothing.
struct CertificateReloading: Service {
  let certificate: TLSCertificate?
  let logger: Logger

  func run() async {
    for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() {
      guard let certificate else { continue }
      do {
        try certificate.reload()
        logger.info("certificate read again")
      } catch {
        logger.error("certificate kept", metadata: ["reason": "\(error)"])
      }
    }
  }
}
