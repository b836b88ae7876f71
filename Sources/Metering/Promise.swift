// What an operator can promise because software keeps it, and which test proves each.

/// A promise with the check that proves it.
package struct Promise: Hashable, Sendable {
  package let number: Int
  package let text: String
  /// Whether a test named `promise <number>: …` proves it. Where none does, do not promise it
  /// because of this program.
  package let isProved: Bool

  private init(_ number: Int, _ text: String, proved: Bool = false) {
    self.number = number
    self.text = text
    isProved = proved
  }

  /// All of them.
  package static let all: [Promise] = [
    Promise(1, "Official clients work with another base address and key only"),
    Promise(2, "Chat, reasoning, transcription and embedding are metered, each in its unit"),
    Promise(3, "Models, recommended parameters, limits and examples are published"),
    Promise(4, "Nothing leaves the machine but mail and the webhook that you set"),
    Promise(5, "Keys are made for accounts that were let in", proved: true),
    Promise(6, "Roles decide what a key may do for its account", proved: true),
    Promise(7, "Keys are replaced with grace, revoked at once, reported when leaked", proved: true),
    Promise(8, "Use is known by key, and the keys add up to the account", proved: true),
    Promise(9, "Who breaks the terms is warned first, and told why", proved: true),
    Promise(10, "More keys do not get more than the account", proved: true),
    Promise(11, "Changed limits hold for the next request and are audited", proved: true),
    Promise(12, "Each unit costs its price, exactly", proved: true),
    Promise(13, "One invoice an account and month, in your time zone", proved: true),
    Promise(14, "Tax stands apart, and invoices say what the law asks for", proved: true),
    Promise(15, "Terms of payment are frozen with the invoice", proved: true),
    Promise(16, "Nobody is stopped for not paying without a warning", proved: true),
    Promise(17, "Lines can be disputed for 30 days, and are not owed meanwhile", proved: true),
    Promise(18, "What was used is never priced anew", proved: true),
    Promise(19, "Prompts and answers are never stored"),
    Promise(20, "Caches are in memory, kept apart by customer, and end"),
    Promise(21, "Nothing that was said can be taken out"),
    Promise(22, "What is kept of a request is exactly the first published list", proved: true),
    Promise(23, "What is kept of a request is exactly the second published list", proved: true),
    Promise(24, "What is kept is used for its purpose only", proved: true),
    Promise(25, "What is over its time is gone from the disk", proved: true),
    Promise(26, "An account can be had whole, and erased but for its invoices", proved: true),
    Promise(27, "Notices reach every owner and main user", proved: true),
    Promise(28, "Models go after 30 days of notice", proved: true),
    Promise(29, "Incident measures take a second and are audited"),
    Promise(30, "An account ends by notice, not by deleting its keys", proved: true),
    Promise(31, "Terms have versions, and acceptance is remembered once", proved: true),
    Promise(32, "What was paid since a day is known", proved: true),
    Promise(33, "The status page says what probes found"),
    Promise(34, "Availability is measured, not promised"),
    Promise(35, "Everything in the portal can be done by program"),
    Promise(36, "Generated content is labelled"),
  ]
}
