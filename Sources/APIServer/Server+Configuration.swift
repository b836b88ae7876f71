// What an operator decides about the server, and how much it takes from anybody.

import Logging
import Metering

extension Server {
  /// The settings of a server.
  public struct Configuration: Sendable {
    /// The address to listen on: a name or a number.
    public var host = "127.0.0.1"
    /// The port to listen on; 0 takes any that is free.
    public var port = 8080
    /// The path of a certificate chain in PEM. With it the server speaks TLS and nothing else; the
    /// administration's listener stays plain.
    public var tlsCertificate: String?
    /// The path of the certificate's private key in PEM, without a passphrase.
    public var tlsKey: String?
    /// Answers requests from other machines although no key was ever made.
    public var allowsRemoteWithoutKeys = false
    /// Refuses fields that nobody knows instead of ignoring them.
    public var isStrict = false
    /// Lets people without a key ask for an account; the operator lets it in.
    public var takesAccountRequests = false
    /// How long running answers may go on once the server is told to stop.
    public var drainDuration = Duration.seconds(30)
    /// Serves `/metrics` to everybody who reaches the server.
    public var showsMetrics = false
    /// How much is logged, for whoever makes the logger.
    package var logLevel = Logger.Level.info
    /// A second address, for whoever runs the server: `/metrics` and `/status` without a key, and
    /// what `apus meter` does with a key of the administration.
    public var administration: ListeningAddress?
    /// The path of a Unix socket for the same; only its owner may connect.
    public var administrationSocket: String?
    /// Networks of proxies in front: who calls from there is believed about whom they speak for
    /// (`X-Forwarded-For`). Lists of networks and limits on addresses then hold for that client.
    package var trustedProxies: [AddressRange] = []
    public var limits = Limits()
    /// Every model is asked for one token after each such span; zero for never, and then the status
    /// page cannot say that all services are online.
    public var probeInterval = Duration.seconds(4)
    /// How far the process goes to keep memory to itself, and what was found to hold when it began.
    package var privacy = PrivacyMode.standard
    package var privacyMeasures: [PrivacyMeasure] = []
    /// What is kept of each request, for whoever makes the meter.
    package var metadataProfile = MetadataProfile.standard
    /// Where the machine stands, as `/status` says it to everybody; nil for nothing said.
    public var region: String?
    /// Serves on while records of usage cannot be written, for whoever makes the meter. For services that
    /// bill nobody.
    package var failsOpen = false
    /// Wrong keys that one address may present, and refusals for a limit that one key may have before
    /// it has to wait as it is told, for whoever makes the meter; 0 for any number.
    package var wrongKeysPerMinute = 60
    package var refusalsPerMinute = 600

    public init() {}
  }

  /// Where a server listens.
  public struct ListeningAddress: Sendable, Equatable {
    /// A name or a number.
    public var host: String
    /// 0 takes any that is free.
    public var port: Int

    public init(host: String = "127.0.0.1", port: Int) {
      self.host = host
      self.port = port
    }
  }

  /// What one connection or request may take. Whatever is above has its own error.
  public struct Limits: Sendable {
    /// The body of a request; more is answered 413.
    public var bodyBytes = 8 << 20
    /// The body of a request with a recording; more is answered 413.
    public var audioBytes = 25 << 20
    /// Sound of one recording; each second takes 64 KiB while it is written down, and about half as much
    /// again.
    public var audioSeconds = 4 * 60 * 60
    /// From the head of a request to the end of its body; longer is answered 408.
    public var bodyDuration = Duration.seconds(30)
    /// The same for a request with a recording.
    public var audioBodyDuration = Duration.seconds(300)
    /// One header field, its name and value.
    public var headerFieldBytes = 16 << 10
    /// All header fields and the request line.
    public var headerBytes = 32 << 10
    public var headerCount = 100
    /// Open connections; more wait in the system's queue.
    public var connectionCount = 4096
    /// Open connections of one address (of an IPv6 address, its /64); one more is answered 429.
    /// A trusted proxy's are not counted; behind any other all connections are the proxy's.
    public var connectionsPerAddress = 1024
    /// From a connection's beginning to the end of its TLS handshake; longer is closed.
    public var handshakeDuration = Duration.seconds(10)
    /// A connection without a request, or with one whose head does not arrive, is closed after it.
    public var idleDuration = Duration.seconds(60)
    /// A client that reads nothing of its answer for this long loses its connection.
    public var stallDuration = Duration.seconds(60)
    /// Bytes of a stream that wait for a client which reads more slowly than they come; with more it
    /// loses its connection.
    public var streamBytes = 8 << 20
    /// How long an answer goes on that nobody waits for any more, where its request has an
    /// `Idempotency-Key`: the client that comes back finds it.
    public var reconnectDuration = Duration.seconds(2)
    /// Silence in a stream after which a comment is sent.
    public var keepAliveInterval = Duration.seconds(15)
    /// How deep the JSON of a request may be nested.
    public var jsonDepth = 64
    /// Strings, numbers, arrays and the like in the JSON of a request.
    public var jsonValueCount = 1_000_000
    /// Answers to one request (`n`).
    public var choiceCount = 8
    /// Prompts of one request for completions, and answers to them in all.
    public var promptCount = 32
    /// Answers that one request may have at most, to one prompt or to several.
    package var answerCount: Int { max(promptCount, choiceCount) }
    /// Functions that one request may offer to the model.
    public var toolCount = 128
    /// Texts that may end an answer (`stop`).
    public var stopCount = 16
    /// The longest of them, in bytes.
    public var stopBytes = 1024
    /// Schemas and grammars of one request, those of functions too, each in bytes; a schema as
    /// compact JSON.
    public var constraintBytes = 1 << 20
    /// Tokens that one request may bias.
    public var biasCount = 1024
    /// Texts that one request may have vectors of.
    public var inputCount = 2048
    /// Messages of one conversation.
    public var messageCount = 4096

    public init() {}

    /// The bytes that a body of this form may have.
    func bytes(of form: BodyForm) -> Int { form == .form ? audioBytes : bodyBytes }

    /// How long a body of this form may take.
    func duration(of form: BodyForm) -> Duration {
      form == .form ? audioBodyDuration : bodyDuration
    }
  }
}
