// What a key holder does in the portal, as a list: each action is one request to the JSON API, so that
// nothing can be done in the page that a program cannot do.

import JSON

/// One action of the portal.
struct PortalAction: Sendable {
  /// What a person fills in.
  struct Field: Sendable {
    enum Kind: String, Sendable { case text, number, day, secret, confirmation }

    /// The parameter of the query, the member of the body, or the `{id}` of the path.
    let name: String
    let title: String
    var kind = Kind.text
    var isRequired = false
  }

  let title: String
  let method: String
  let path: String
  var fields: [Field] = []
  /// The verb behind `apus meter` that shows or does the same for the operator; nil for what is the
  /// customer's own to do.
  let verb: String?
  /// Whether it is asked as soon as a key is there.
  var isAsked = false
  /// Whether it takes no key.
  var isOpen = false
  /// Whether it is for people without a key, and gone once one is there.
  var isForStrangers = false

  /// As the page's script reads it.
  var description: JSONValue {
    [
      "title": .string(title), "method": .string(method), "path": .string(path),
      "verb": verb.map { .string($0) } ?? .null, "asked": .bool(isAsked), "open": .bool(isOpen),
      "strangers": .bool(isForStrangers),
      "fields": .array(
        fields.map {
          [
            "name": .string($0.name), "title": .string($0.title),
            "kind": .string($0.kind.rawValue), "required": .bool($0.isRequired),
          ]
        }),
    ]
  }

  /// All of them, in the order of the page.
  static let all: [PortalAction] = [
    PortalAction(
      title: "Your key", method: "GET", path: "/v1/key", verb: "key/show", isAsked: true),
    PortalAction(
      title: "What this key used", method: "GET", path: "/v1/usage",
      fields: [Field(name: "month", title: "Month, as 2026-11; by default this one")],
      verb: "usage", isAsked: true),
    PortalAction(
      title: "What the account used for text", method: "GET",
      path: "/v1/organization/usage/completions",
      fields: [Field(name: "start_time", title: "From", kind: .day, isRequired: true)],
      verb: "usage"),
    PortalAction(
      title: "What the account used for embeddings", method: "GET",
      path: "/v1/organization/usage/embeddings",
      fields: [Field(name: "start_time", title: "From", kind: .day, isRequired: true)],
      verb: "usage"),
    PortalAction(
      title: "What the account is charged", method: "GET", path: "/v1/organization/costs",
      fields: [Field(name: "start_time", title: "From", kind: .day, isRequired: true)],
      verb: "usage"),
    PortalAction(
      title: "Invoices", method: "GET", path: "/v1/invoices", verb: "invoice/list", isAsked: true),
    PortalAction(
      title: "One invoice", method: "GET", path: "/v1/invoices/{id}",
      fields: [
        Field(name: "id", title: "Number", isRequired: true),
        Field(name: "format", title: "json, html or ubl"),
      ], verb: "invoice/show"),
    PortalAction(
      title: "Receipt of a request", method: "GET", path: "/v1/receipts/{id}",
      fields: [
        Field(name: "id", title: "The request's id, or its answer's", isRequired: true),
        Field(name: "count", title: "Tree of so many receipts", kind: .number),
      ], verb: "receipt/show"),
    PortalAction(
      title: "Disputes", method: "GET", path: "/v1/disputes", verb: "dispute/list", isAsked: true),
    PortalAction(
      title: "Dispute a line of an invoice", method: "POST", path: "/v1/disputes",
      fields: [
        Field(name: "invoice", title: "Number", isRequired: true),
        Field(name: "line", title: "Line", kind: .number, isRequired: true),
      ], verb: "dispute/open"),
    PortalAction(
      title: "Notices", method: "GET", path: "/v1/notices", verb: "notice/list", isAsked: true),
    PortalAction(
      title: "Terms", method: "GET", path: "/v1/terms", verb: "terms/list", isAsked: true),
    PortalAction(
      title: "Accept terms", method: "POST", path: "/v1/terms/accept",
      fields: [Field(name: "version", title: "Version", kind: .number, isRequired: true)],
      verb: nil),
    PortalAction(
      title: "Prices", method: "GET", path: "/pricing.json", verb: "price/list", isOpen: true),
    PortalAction(
      title: "Replace a key", method: "POST", path: "/v1/keys/rotate",
      fields: [
        Field(name: "name", title: "Its name; by default this one"),
        Field(name: "grace_seconds", title: "Seconds that the old one still works", kind: .number),
      ], verb: "key/rotate"),
    PortalAction(
      title: "Report a leaked key", method: "POST", path: "/v1/keys/report-leak",
      fields: [Field(name: "key", title: "The whole key", kind: .secret, isRequired: true)],
      verb: "key/report-leak"),
    PortalAction(
      title: "End the account", method: "POST", path: "/v1/account/terminate",
      fields: [
        Field(
          name: "confirm", title: "It ends in 30 days", kind: .confirmation, isRequired: true)
      ], verb: "account/terminate"),
    PortalAction(
      title: "Ask for an account", method: "POST", path: "/v1/account/request",
      fields: [
        Field(name: "name", title: "Its name", isRequired: true),
        Field(name: "email", title: "Mail", isRequired: true),
      ], verb: "account/create", isOpen: true, isForStrangers: true),
  ]
}
