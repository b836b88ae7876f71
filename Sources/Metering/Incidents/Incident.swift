// What an operator does in an incident, without notice beforehand: each takes effect within a second
// and can be taken back.

/// A measure. The raw value is what the store holds.
package enum IncidentMeasure: Int64, Sendable, CaseIterable {
  /// One account is stopped.
  case suspend = 1
  /// Running answers end, and new requests are told to come back.
  case drain = 2
  /// The server ends its answers and begins anew.
  case restart = 3
  /// Clients of some networks are answered, and nobody else.
  case restrict = 4
  /// The public listener is closed; that of the administration stays.
  case isolate = 5
  /// Nobody's measure: a model does not answer its probes.
  case outage = 6
}

/// A measure and its time.
package struct IncidentRecord: Hashable, Sendable {
  package let id: Int64
  package let measure: IncidentMeasure
  /// Whom it concerns alone; nil for everybody.
  package let account: AccountID?
  package let model: ModelID?
  /// Who is still answered, where the measure names networks.
  package let ranges: [AddressRange]
  /// Milliseconds since 1970.
  package let startedMilliseconds: Int64
  /// Nil while it goes on.
  package let endedMilliseconds: Int64?
}

/// The measures that hold at a moment, as far as a server has to act on them.
package struct ServerMeasures: Hashable, Sendable {
  /// New requests are refused.
  package let isDrained: Bool
  /// The public listener is to be closed.
  package let isIsolated: Bool
  /// The server is to begin anew.
  package let mustRestart: Bool
  /// Each list lets through whom it names; all have to.
  let restrictions: [[AddressRange]]

  /// Out of what is open.
  init(_ open: [IncidentRecord]) {
    isDrained = open.contains { $0.measure == .drain || $0.measure == .restart }
    isIsolated = open.contains { $0.measure == .isolate }
    mustRestart = open.contains { $0.measure == .restart }
    restrictions = open.filter { $0.measure == .restrict }.map(\.ranges)
  }

  /// Throws the refusal of a request that a measure does not let in. A client whose address is
  /// unknown is nowhere.
  ///
  /// - Throws: ``MeterError``: 503 while the server is drained, 401 outside of the networks.
  package func check(address: ClientAddress?) throws(MeterError) {
    if isDrained { throw .serverIsOverloaded(retryAfterMilliseconds: 5000) }
    for ranges in restrictions {
      guard let address, ranges.contains(where: { $0.contains(address) }) else {
        throw .serviceRestricted
      }
    }
  }
}
