// Who sends and who receives an invoice, and how this operator bills.

/// A party to an invoice, with what Article 226 of Directive 2006/112/EC asks for.
package struct Party: Hashable, Codable, Sendable {
  package var name: String
  package var street: String
  package var city: String
  package var postcode: String
  /// Two capital letters (ISO 3166-1).
  package var country: String
  /// With the country's letters before it; empty where there is none.
  package var vatID: String
  package var email: String

  /// A party; texts are the operator's own.
  package init(
    name: String, street: String = "", city: String = "", postcode: String = "",
    country: String, vatID: String = "", email: String = ""
  ) {
    self.name = name
    self.street = street
    self.city = city
    self.postcode = postcode
    self.country = country
    self.vatID = vatID
    self.email = email
  }
}

/// How this operator bills. Rates and terms are the operator's to know, not this program's.
package struct BillingSettings: Hashable, Sendable {
  /// Where months begin.
  package var zone = BillingZone.utc
  /// What stands before the numbers of invoices.
  package var series = ""
  /// The rate of value added tax, in hundredths of a percent.
  package var taxBasisPoints: Int64 = 0
  /// Days from issue until an invoice is due.
  package var paymentDays: Int64 = 14
  package var iban = ""
  /// Terms of payment, as invoices print them.
  package var terms = ""

  /// The defaults.
  package init() {}
}
