// apus meter billing: who bills whom, and how.

import ArgumentParser
import JSON
import Metering

struct MeterBilling: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "billing", abstract: "Say who bills whom, in which time zone, at which tax.",
    subcommands: [Seller.self, Buyer.self, Set.self, Show.self])

  /// A party as options.
  struct PartyArguments: ParsableArguments {
    @Option(help: "The legal name.") var name: String
    @Option(help: "Two capital letters, as EE.") var country: String
    @Option(help: "Street and number.") var street = ""
    @Option(help: "City.") var city = ""
    @Option(help: "Postal code.") var postcode = ""
    @Option(help: "VAT id with its country's letters.") var vatID = ""
    @Option(help: "Where mail goes.") var email = ""

    var party: Party {
      Party(
        name: name, street: street, city: city, postcode: postcode, country: country,
        vatID: vatID, email: email)
    }
  }

  struct Seller: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Say who you are, for invoices.")
    @OptionGroup var party: PartyArguments

    func run() throws {
      try Keys.withStore { try $0.setSeller(party.party) }
      Terminal.note("Invoices come from \(party.name).")
    }
  }

  struct Buyer: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say whom an account's invoices go to.")
    @Argument(help: "The account, by name or number.") var account: String
    @OptionGroup var party: PartyArguments
    @Flag(help: "The customer owes the tax (businesses in other EU countries).")
    var reverseCharge = false

    func run() throws {
      try Keys.withStore { store in
        try store.setBuyer(
          party.party, of: store.account(named: account).id, reverseCharge: reverseCharge)
      }
      Terminal.note("Invoices of \(account) go to \(party.name).")
    }
  }

  struct Set: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Change how invoices are made; those that were issued stay as they are.")
    @Option(help: "The time zone that months begin in, as Europe/Tallinn.") var zone: String?
    @Option(help: "What stands before invoice numbers.") var series: String?
    @Option(parsing: .unconditional, help: "Value added tax in percent, as 24 or 25.5.")
    var tax: PicoEuro?
    @Option(
      parsing: .unconditional, help: ArgumentHelp("Days until an invoice is due.", valueName: "n"))
    var days: Int64?
    @Option(help: "The account that is paid to.") var iban: String?
    @Option(help: "Terms of payment, as printed.") var terms: String?
    @OptionGroup var output: MeterOutput

    func validate() throws {
      let isEmpty =
        [zone, series, iban, terms].allSatisfy { $0 == nil } && tax == nil && days == nil
      if isEmpty {
        throw ValidationError("Give what is to be changed; 'apus meter billing show' shows it.")
      }
    }

    func run() throws {
      try Keys.withStore { store in
        var settings = try store.billingSettings()
        if let zone {
          guard let known = BillingZone(zone) else {
            throw CommandError(
              .unusableInput,
              "'\(zone)' is no time zone of this system, or its midnight is at no full hour of UTC")
          }
          settings.zone = known
        }
        settings.series = series ?? settings.series
        settings.taxBasisPoints = try tax.map(Self.basisPoints) ?? settings.taxBasisPoints
        settings.paymentDays = days ?? settings.paymentDays
        settings.iban = iban ?? settings.iban
        settings.terms = terms ?? settings.terms
        try store.setBilling(settings)
        output.show(try store.billingRow())
      }
    }

    /// Hundredths of a percent; a rate is never rounded.
    private static func basisPoints(_ percent: PicoEuro) throws -> Int64 {
      let (points, rest) = percent.rawValue.quotientAndRemainder(dividingBy: 10_000_000_000)
      guard rest == 0 else {
        throw CommandError(
          .unusableInput, "--tax takes a percentage with at most two digits behind the point")
      }
      return points
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show how invoices are made.")
    @OptionGroup var output: MeterOutput
    func run() throws { output.show(try Keys.withStore { try $0.billingRow() }) }
  }
}

extension UsageStore {
  fileprivate func billingRow() throws -> JSONObject {
    let settings = try billingSettings()
    return [
      "seller": try seller().map { .string($0.name) } ?? .null,
      "zone": .string(settings.zone.identifier), "series": .string(settings.series),
      "tax_percent": .string(centsText(settings.taxBasisPoints)),
      "payment_days": .integer(settings.paymentDays), "iban": .string(settings.iban),
      "terms": .string(settings.terms),
    ]
  }
}
