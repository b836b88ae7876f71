// What an operator can promise because software keeps it, and which test proves each.

/// A promise with the check that proves it.
package struct Promise: Hashable, Sendable {
  package let number: Int
  package let text: String
  /// The suite with the test named `promise <number>: …` that proves it.
  package let suite: String

  private init(_ number: Int, _ text: String, by suite: String) {
    self.number = number
    self.text = text
    self.suite = suite
  }

  /// All of them.
  package static let all: [Promise] = [
    Promise(1, "Official clients work with another base address and key only", by: "ServerTests"),
    Promise(
      2, "Chat, reasoning, transcription and embedding are metered, each in its unit",
      by: "PromiseTests"),
    Promise(
      3, "Models, recommended parameters, limits and examples are published", by: "CatalogueTests"),
    Promise(
      4, "Nothing leaves the machine but mail and the webhook that you set", by: "CanaryTests"),
    Promise(5, "Keys are made for accounts that were let in", by: "PromiseTests"),
    Promise(6, "Roles decide what a key may do for its account", by: "RoleServerTests"),
    Promise(
      7, "Keys are replaced with grace, revoked at once, reported when leaked", by: "PromiseTests"),
    Promise(8, "Use is known by key, and the keys add up to the account", by: "PromiseTests"),
    Promise(9, "Who breaks the terms is warned first, and told why", by: "PromiseTests"),
    Promise(10, "More keys do not get more than the account", by: "PromiseTests"),
    Promise(11, "Changed limits hold for the next request and are audited", by: "PromiseTests"),
    Promise(12, "Each unit costs its price, exactly", by: "PromiseTests"),
    Promise(13, "One invoice an account and month, in your time zone", by: "BillingPromiseTests"),
    Promise(
      14, "Tax stands apart, and invoices say what the law asks for", by: "BillingPromiseTests"),
    Promise(15, "Terms of payment are frozen with the invoice", by: "BillingPromiseTests"),
    Promise(16, "Nobody is stopped for not paying without a warning", by: "BillingPromiseTests"),
    Promise(
      17, "Lines can be disputed for 30 days, and are not owed meanwhile", by: "BillingPromiseTests"
    ),
    Promise(18, "What was used is never priced anew", by: "PromiseTests"),
    Promise(19, "Prompts and answers are never stored", by: "CanaryTests"),
    Promise(20, "Caches are in memory, kept apart by customer, and end", by: "PrefixCacheTests"),
    Promise(21, "Nothing that was said can be taken out", by: "ContentTests"),
    Promise(
      22, "What is kept of a request is exactly the first published list",
      by: "MetadataProfileTests"),
    Promise(
      23, "What is kept of a request is exactly the second published list",
      by: "MetadataProfileTests"),
    Promise(24, "What is kept is used for its purpose only", by: "MetadataProfileTests"),
    Promise(25, "What is over its time is gone from the disk", by: "RetentionTests"),
    Promise(
      26, "An account can be had whole, and erased but for its invoices", by: "RetentionTests"),
    Promise(27, "Notices reach every owner and main user", by: "NoticeTests"),
    Promise(28, "Models go after 30 days of notice", by: "NoticeTests"),
    Promise(29, "Incident measures take a second and are audited", by: "IncidentServerTests"),
    Promise(30, "An account ends by notice, not by deleting its keys", by: "PromiseTests"),
    Promise(31, "Terms have versions, and acceptance is remembered once", by: "NoticeTests"),
    Promise(32, "What was paid since a day is known", by: "BillingPromiseTests"),
    Promise(33, "The status page says what probes found", by: "IncidentServerTests"),
    Promise(34, "Availability is measured, not promised", by: "AvailabilityTests"),
    Promise(35, "Everything in the portal can be done by program", by: "PortalTests"),
    Promise(36, "Generated content is labelled", by: "CatalogueTests"),
  ]
}
