// Who is billed by whom, as rows of `meter.db`.

import GRDB

extension UsageStore {
  /// Says who this operator is; invoices name it as the seller.
  package func setSeller(_ party: Party) throws(UsageStoreError) {
    try set(party, of: AccountID.local, reverseCharge: false)
  }

  /// Says whom an account's invoices go to.
  ///
  /// - Parameter reverseCharge: whether the customer owes the tax (Article 196 of Directive
  ///   2006/112/EC); both parties need a VAT id then.
  package func setBuyer(
    _ party: Party, of account: AccountID, reverseCharge: Bool = false
  ) throws(UsageStoreError) {
    try set(party, of: account, reverseCharge: reverseCharge)
  }

  /// The seller, nil where nobody said who it is.
  package func seller() throws(UsageStoreError) -> Party? {
    try read(doing: "read the seller") { try Self.party(.local, in: $0)?.party }
  }

  /// Whom an account's invoices go to, nil where nobody said.
  package func buyer(
    of account: AccountID
  ) throws(UsageStoreError) -> (party: Party, reverseCharge: Bool)? {
    try read(doing: "read a customer") { try Self.party(account, in: $0) }
  }

  /// How this operator bills; the defaults where nobody said.
  package func billingSettings() throws(UsageStoreError) -> BillingSettings {
    try read(doing: "read how to bill", Self.settings)
  }

  /// Says how to bill. Invoices that were issued stay as they are.
  ///
  /// - Throws: ``UsageStoreError``: `invalidLimit` or `invalidName` for what no invoice can say.
  package func setBilling(_ settings: BillingSettings) throws(UsageStoreError) {
    guard (0...10_000).contains(settings.taxBasisPoints) else {
      throw UsageStoreError(.invalidLimit, "the tax must be 0 to 100 percent")
    }
    guard (0...365).contains(settings.paymentDays) else {
      throw UsageStoreError(.invalidLimit, "invoices are due after 0 to 365 days")
    }
    var settings = settings
    settings.iban.removeAll { $0 == " " }
    guard settings.iban.isEmpty || isIBAN(settings.iban) else {
      throw UsageStoreError(
        .invalidName, "the IBAN is none: its check digits do not fit, so it has a typing error")
    }
    for (word, text, limit) in [
      ("series", settings.series, 32), ("terms of payment", settings.terms, 256),
    ] where !text.isOneLine(of: 0...limit) {
      throw UsageStoreError(.invalidName, "the \(word) must be one line of \(limit) characters")
    }
    try write(doing: "say how to bill") { [settings] db in
      let before = try Self.settings(in: db)
      try db.execute(
        sql: "INSERT OR REPLACE INTO billing VALUES (1, ?, ?, ?, ?, ?, ?)",
        arguments: [
          settings.zone.identifier, settings.series, settings.taxBasisPoints,
          settings.paymentDays, settings.iban, settings.terms,
        ])
      try note(
        "billing.set", "billing", settings.zone.identifier,
        change: AuditChange(before.summary, settings.summary), in: db)
    }
  }

  /// Both parties to an account's invoice, with all that Article 226 of Directive 2006/112/EC wants
  /// to be said of them.
  ///
  /// - Throws: ``UsageStoreError``: `wrongState` where something is missing.
  func parties(of account: AccountID) throws(UsageStoreError) -> (seller: Party, buyer: Party) {
    let (seller, buyer) = (try seller(), try buyer(of: account))
    if let gap = Self.gap(seller: seller) { throw UsageStoreError(.wrongState, gap) }
    if let gap = Self.gap(buyer: buyer?.party, of: account, reverseCharge: buyer?.reverseCharge) {
      throw UsageStoreError(.wrongState, gap)
    }
    guard let seller, let buyer = buyer?.party else {
      throw UsageStoreError(.wrongState, "invoices need a seller and a buyer")
    }
    return (seller, buyer)
  }

  /// What keeps a seller off invoices, and the command that mends it; nil where nothing does.
  static func gap(seller: Party?) -> String? {
    let command = "'apus meter billing seller"
    guard let seller, !seller.vatID.isEmpty else {
      return "invoices need a seller with a VAT id: \(command)' sets it"
    }
    return seller.missing.map { "the seller has no \($0.word): \(command) \($0.option)' sets it" }
  }

  /// What keeps a buyer off invoices, and the command that mends it; nil where nothing does.
  static func gap(buyer: Party?, of account: AccountID, reverseCharge: Bool?) -> String? {
    let command = "'apus meter billing buyer"
    guard let buyer else {
      return "nobody said whom account \(account.rawValue) is billed to: \(command)' does"
    }
    if reverseCharge == true, buyer.vatID.isEmpty {
      return "account \(account.rawValue) needs a VAT id for the reverse charge"
    }
    return buyer.missing.map {
      "the buyer of account \(account.rawValue) has no \($0.word): \(command) "
        + "\(account.rawValue) \($0.option)' sets it"
    }
  }

  /// The row of a party.
  static func party(
    _ account: AccountID, in db: Database
  ) throws -> (party: Party, reverseCharge: Bool)? {
    try Row.fetchOne(
      db, sql: "SELECT * FROM party WHERE account_id = ?", arguments: [account.rawValue]
    ).map { row in
      let party = Party(
        name: row["name"], street: row["street"], city: row["city"], postcode: row["postcode"],
        country: row["country"], vatID: row["vat_id"], email: row["email"])
      return (party, row["reverse_charge"])
    }
  }

  /// The row of settings, or the defaults.
  static func settings(in db: Database) throws -> BillingSettings {
    var settings = BillingSettings()
    guard let row = try Row.fetchOne(db, sql: "SELECT * FROM billing") else { return settings }
    guard let zone = BillingZone(row["zone"] as String) else {
      throw UsageStoreError(
        .invalidName, "the system does not know the time zone that was set for billing")
    }
    settings.zone = zone
    settings.series = row["series"]
    settings.taxBasisPoints = row["tax_basis_points"]
    settings.paymentDays = row["payment_days"]
    settings.iban = row["iban"]
    settings.terms = row["terms"]
    return settings
  }

  /// What decides on taxes. Who a customer is goes with their erasure, and the trail does not.
  private static func taxWords(_ party: Party, _ reverseCharge: Bool) -> String {
    party.country + (party.vatID.isEmpty ? "" : ", VAT id")
      + (reverseCharge ? ", reverse charge" : "")
  }

  private func set(
    _ party: Party, of account: AccountID, reverseCharge: Bool
  ) throws(UsageStoreError) {
    guard !party.name.isEmpty else {
      throw UsageStoreError(.invalidName, "a party to invoices has a name")
    }
    guard CountryCode.isCountry(party.country) else {
      throw UsageStoreError(.invalidName, CountryCode.complaint(party.country))
    }
    for (word, text, limit) in [
      ("name", party.name, 256), ("street", party.street, 256), ("city", party.city, 256),
      ("postcode", party.postcode, 64), ("VAT id", party.vatID, 64),
    ] where !text.isOneLine(of: 0...limit) {
      throw UsageStoreError(.invalidName, "the \(word) must be one line of \(limit) characters")
    }
    guard party.vatID.isEmpty || CountryCode.isVATID(party.vatID) else {
      throw UsageStoreError(
        .invalidName, "a VAT id begins with the letters of its country, as EE100000001")
    }
    guard party.email.isEmpty || Self.isMailAddress(party.email) else {
      throw UsageStoreError(.invalidName, "the mail address must be one, as bills@lab.example")
    }
    try write(doing: "set a party to invoices") { db in
      let before = try Self.party(account, in: db)
      try db.execute(
        sql: "INSERT OR REPLACE INTO party VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        arguments: [
          account.rawValue, party.name, party.street, party.city, party.postcode, party.country,
          party.vatID, party.email, reverseCharge,
        ])
      try note(
        "party.set", account == .local ? "seller" : "account \(account.rawValue)",
        change: AuditChange(
          before.map { Self.taxWords($0.party, $0.reverseCharge) } ?? "none",
          Self.taxWords(party, reverseCharge)), in: db)
    }
  }
}

extension Party {
  /// The first part of a full address that is missing, and the option that sets it; a party has a
  /// name and a country.
  fileprivate var missing: (word: String, option: String)? {
    [
      (street, "street", "--street"), (city, "city", "--city"),
      (postcode, "postcode", "--postcode"),
    ].first { $0.0.isEmpty }.map { ($0.1, $0.2) }
  }
}

extension BillingSettings {
  /// All that an invoice takes from them.
  fileprivate var summary: String {
    "\(zone.identifier), series '\(series)', tax \(centsText(taxBasisPoints)) %, "
      + "\(paymentDays) days, IBAN '\(iban)', terms '\(terms)'"
  }
}
