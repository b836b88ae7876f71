// Every setting of a server by name: the same name in a file, in the environment and in a flag.

import Metering

/// Where a setting's value came from, the strongest last.
package enum SettingSource: String, Sendable {
  case standard = "default"
  case file
  case environment
  case flag
}

/// One setting, as text.
package struct ServerSetting: Sendable {
  /// In small letters with hyphens, as flags are.
  package let name: String
  /// What a value must be, as the end of the sentence "must be …".
  let expectation: String
  let read: @Sendable (Server.Configuration) -> String
  /// False where the text is no value of the setting.
  let write: @Sendable (inout Server.Configuration, String) -> Bool

  /// The name that the environment has it under.
  package var variable: String {
    "APUS_" + name.uppercased().replacing("-", with: "_")
  }

  /// All settings, in the order that they are listed in.
  package static let all: [ServerSetting] = [
    ServerSetting("host", \.host),
    ServerSetting("port", \.port, in: 0...65535),
    ServerSetting("tls-certificate", \.tlsCertificate),
    ServerSetting("tls-key", \.tlsKey),
    ServerSetting("allow-remote-without-keys", \.allowsRemoteWithoutKeys),
    ServerSetting("strict", \.isStrict),
    ServerSetting("account-requests", \.takesAccountRequests),
    ServerSetting("drain-seconds", \.drainDuration, in: 0...86400),
    ServerSetting("show-metrics", \.showsMetrics),
    ServerSetting("admin-socket", \.administrationSocketName),
    ServerSetting("admin-host", \.administrationHost),
    ServerSetting("admin-port", \.administrationPort, in: -1...65535),
    ServerSetting("log-level", \.logLevel),
    ServerSetting("privacy", \.privacy),
    // Findings that are older than 10 seconds say nothing, and a probe may take five.
    ServerSetting("probe-seconds", \.probeInterval, in: 0...4),
    ServerSetting("metadata-profile", \.metadataProfile),
    ServerSetting("fail-open", \.failsOpen),
    ServerSetting("region", words: \.region),
    ServerSetting("trusted-proxies", networks: \.trustedProxies),
    ServerSetting("wrong-keys-per-minute", \.wrongKeysPerMinute, in: 0...1_000_000),
    ServerSetting("refusals-per-minute", \.refusalsPerMinute, in: 0...1_000_000),
    ServerSetting("body-bytes", \.limits.bodyBytes, in: 1024...(1 << 30)),
    ServerSetting("audio-bytes", \.limits.audioBytes, in: 1024...(1 << 30)),
    ServerSetting("audio-seconds", \.limits.audioSeconds, in: 1...86400),
    ServerSetting("body-seconds", \.limits.bodyDuration, in: 1...3600),
    ServerSetting("audio-body-seconds", \.limits.audioBodyDuration, in: 1...3600),
    ServerSetting("header-field-bytes", \.limits.headerFieldBytes, in: 256...(1 << 20)),
    ServerSetting("header-bytes", \.limits.headerBytes, in: 1024...(1 << 20)),
    ServerSetting("headers", \.limits.headerCount, in: 8...1000),
    ServerSetting("connections", \.limits.connectionCount, in: 1...1_000_000),
    ServerSetting("connections-per-address", \.limits.connectionsPerAddress, in: 1...1_000_000),
    ServerSetting("handshake-seconds", \.limits.handshakeDuration, in: 1...3600),
    ServerSetting("idle-seconds", \.limits.idleDuration, in: 1...86400),
    ServerSetting("stall-seconds", \.limits.stallDuration, in: 1...86400),
    ServerSetting("stream-bytes", \.limits.streamBytes, in: (1 << 16)...(1 << 30)),
    ServerSetting("reconnect-seconds", \.limits.reconnectDuration, in: 0...60),
    ServerSetting("keep-alive-seconds", \.limits.keepAliveInterval, in: 1...3600),
    ServerSetting("json-depth", \.limits.jsonDepth, in: 8...512),
    ServerSetting("json-values", \.limits.jsonValueCount, in: 100...100_000_000),
    ServerSetting("choices", \.limits.choiceCount, in: 1...128),
    ServerSetting("prompts", \.limits.promptCount, in: 1...1024),
    ServerSetting("tools", \.limits.toolCount, in: 1...1024),
    ServerSetting("stops", \.limits.stopCount, in: 1...64),
    ServerSetting("stop-bytes", \.limits.stopBytes, in: 1...(1 << 16)),
    ServerSetting("constraint-bytes", \.limits.constraintBytes, in: 16...(1 << 24)),
    ServerSetting("biases", \.limits.biasCount, in: 1...1_000_000),
    ServerSetting("inputs", \.limits.inputCount, in: 1...100_000),
    ServerSetting("messages", \.limits.messageCount, in: 1...1_000_000),
  ]

  private typealias Path<Value> = WritableKeyPath<Server.Configuration, Value> & Sendable

  private init(_ name: String, _ path: Path<String>) {
    self.name = name
    expectation = "a name or an address without spaces"
    read = { $0[keyPath: path] }
    write = { configuration, text in
      guard !text.isEmpty, !text.contains(where: \.isWhitespace) else { return false }
      configuration[keyPath: path] = text
      return true
    }
  }

  /// The path of a file; empty for none.
  private init(_ name: String, _ path: Path<String?>) {
    self.name = name
    expectation = "the path of a file without '#', or empty"
    read = { $0[keyPath: path] ?? "" }
    write = { configuration, text in
      guard !text.contains(where: { $0 == "#" || $0.isNewline }) else { return false }
      configuration[keyPath: path] = text.isEmpty ? nil : text
      return true
    }
  }

  /// A few words; empty for none.
  private init(_ name: String, words path: Path<String?>) {
    self.name = name
    expectation = "up to 64 characters without '#', or empty"
    read = { $0[keyPath: path] ?? "" }
    write = { configuration, text in
      guard text.unicodeScalars.count <= 64, !text.contains(where: { $0 == "#" || $0.isNewline })
      else { return false }
      configuration[keyPath: path] = text.isEmpty ? nil : text
      return true
    }
  }

  /// Networks with commas between them; empty for none.
  private init(_ name: String, networks path: Path<[AddressRange]>) {
    self.name = name
    expectation = "addresses and networks (10.0.0.0/8) with commas between them, or empty"
    read = { $0[keyPath: path].map(\.description).joined(separator: ", ") }
    write = { configuration, text in
      guard !text.contains(where: { $0 == "#" || $0.isNewline }) else { return false }
      var ranges: [AddressRange] = []
      if !text.allSatisfy(\.isWhitespace) {
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
          guard let range = AddressRange(part.filter { !$0.isWhitespace }) else { return false }
          ranges.append(range)
        }
      }
      configuration[keyPath: path] = ranges
      return true
    }
  }

  private init(_ name: String, _ path: Path<Int>, in range: ClosedRange<Int>) {
    self.name = name
    expectation = "a whole number from \(range.lowerBound) to \(range.upperBound)"
    read = { "\($0[keyPath: path])" }
    write = { configuration, text in
      guard let number = Int(text), range.contains(number) else { return false }
      configuration[keyPath: path] = number
      return true
    }
  }

  private init(_ name: String, _ path: Path<Duration>, in range: ClosedRange<Int>) {
    self.name = name
    expectation = "whole seconds from \(range.lowerBound) to \(range.upperBound)"
    read = { "\($0[keyPath: path].components.seconds)" }
    write = { configuration, text in
      guard let seconds = Int(text), range.contains(seconds) else { return false }
      configuration[keyPath: path] = .seconds(seconds)
      return true
    }
  }

  private init<Choice: RawRepresentable<String> & CaseIterable & Sendable>(
    _ name: String, _ path: Path<Choice>
  ) {
    self.name = name
    expectation = "one of " + Choice.allCases.map(\.rawValue).joined(separator: ", ")
    read = { $0[keyPath: path].rawValue }
    write = { configuration, text in
      guard let choice = Choice(rawValue: text) else { return false }
      configuration[keyPath: path] = choice
      return true
    }
  }

  private init(_ name: String, _ path: Path<Bool>) {
    self.name = name
    expectation = "true or false"
    read = { "\($0[keyPath: path])" }
    write = { configuration, text in
      guard let flag = Bool(text) else { return false }
      configuration[keyPath: path] = flag
      return true
    }
  }
}

extension Server.Configuration {
  /// A path; `standard` stands for the one in the data folder, `none` for no socket.
  fileprivate var administrationSocketName: String {
    get { administrationSocket ?? Self.standardSocket }
    set { administrationSocket = newValue }
  }

  /// What `admin-socket` says where nobody set it.
  package static let standardSocket = "standard"

  /// The administration's host as a setting of its own.
  fileprivate var administrationHost: String {
    get { administration?.host ?? Server.ListeningAddress(port: 0).host }
    set { administration = Server.ListeningAddress(host: newValue, port: administrationPort) }
  }

  /// -1 for no such listener.
  fileprivate var administrationPort: Int {
    get { administration?.port ?? -1 }
    set { administration = Server.ListeningAddress(host: administrationHost, port: newValue) }
  }
}
