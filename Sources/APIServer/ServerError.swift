// Why a server does not start, in words for whoever started it.

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Why a server cannot start.
public enum ServerError: Error, Equatable, CustomStringConvertible {
  /// The address is open to other machines and there is no key.
  case keysRequired(host: String)
  case noModels
  /// Two models, or aliases, have one name.
  case duplicateName(String)
  /// A name is empty, longer than 64 bytes or has control characters.
  case invalidName(model: Int)
  /// The system refuses the address; `reason` is its `errno`.
  case cannotListen(host: String, port: Int, reason: Int32)
  /// No address is known by the name.
  case unknownHost(String)
  /// There is a certificate without a key, or the other way round.
  case halfACertificate
  /// A file of the certificate or its key cannot be used.
  case unusableCertificate(file: String, reason: String)
  /// The system refuses the path of a Unix socket.
  case cannotListenOnSocket(path: String, reason: Int32)
  /// The system gives no pipe that signals could be kept in.
  case noPipe(reason: Int32)
  /// The records of usage cannot take a model's name.
  case unusableRecords(String)

  public var description: String {
    switch self {
    case .keysRequired(let host):
      "listening on '\(host)' would answer everybody who reaches this machine, as no API key was "
        + "ever made; make one with 'apus keys create', or listen on 127.0.0.1"
    case .noModels:
      "there is no model to serve; name at least one"
    case .duplicateName(let name):
      "two models are to be served as '\(name)'; give one of them another name"
    case .invalidName(let model):
      "the name of model \(model + 1) is no name for a served model: expected 1 to 64 bytes "
        + "without control characters"
    case .cannotListen(let host, let port, let reason):
      "cannot listen on \(host) port \(port): \(Self.explanation(of: reason))"
    case .unknownHost(let host):
      "cannot listen on '\(host)': no address has this name"
    case .halfACertificate:
      "TLS needs a certificate and its key; set both tls-certificate and tls-key, or neither"
    case .unusableCertificate(let file, let reason):
      "the TLS file '\(file)' cannot be used: \(reason)"
    case .cannotListenOnSocket(let path, let reason):
      "cannot listen on '\(path)': \(Self.explanation(of: reason))"
    case .noPipe(let reason):
      "the server cannot be told to stop: \(Self.explanation(of: reason))"
    case .unusableRecords(let reason):
      "the records of usage cannot be used: \(reason)"
    }
  }
}

extension ServerError {
  /// The system's words for an `errno`, and what to do about the usual ones.
  private static func explanation(of reason: Int32) -> String {
    switch reason {
    case EADDRINUSE: "another program listens there; stop it or choose another port"
    case EACCES: "this needs more rights; choose a port above 1023"
    case EADDRNOTAVAIL: "this machine has no such address"
    default: "the system refuses with error number \(reason)"
    }
  }
}
