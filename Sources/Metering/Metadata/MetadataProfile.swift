// What is kept of a request: the billing core, and exactly the fields that a published list names
// beside it. A column that is not named is not made, so nothing can be in it.

/// A list of fields that an operator has published.
///
/// The two that are named after services follow the words of their privacy pages: "token counts,
/// timestamps, request ids, user agent, cost", and "IP address, key id, role, model, timestamp,
/// tokens in, out and in total, estimated cost, status, latency". Totals are sums of columns.
package enum MetadataProfile: String, Sendable, CaseIterable {
  /// How requests ended and how long they took, and nothing about the client.
  case standard
  /// What a bill needs, and nothing else.
  case core
  /// The list that names the user agent and no address.
  case entrim
  /// The list that names the address and no user agent.
  case ut

  /// What the list names beside the billing core.
  package var described: [MetadataField] {
    switch self {
    case .standard: [.status, .httpStatus, .firstToken, .latency]
    case .core: []
    case .entrim: [.agent]
    case .ut: [.role, .status, .httpStatus, .latency, .address]
    }
  }

  /// Everything that is kept of a request.
  package var fields: [MetadataField] { MetadataField.billingCore + described }

  /// Whether the list names a field.
  package func names(_ field: MetadataField) -> Bool {
    MetadataField.billingCore.contains(field) || described.contains(field)
  }

  /// The columns of a row of usage that are not in every profile, in their order.
  var eventFields: [MetadataField] {
    described.filter { !MetadataField.personal.contains($0) }
  }

  /// The columns of the files of days.
  var personalFields: [MetadataField] { described.filter(MetadataField.personal.contains) }
}
