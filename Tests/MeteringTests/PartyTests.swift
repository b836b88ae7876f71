// Who bills whom: what an electronic invoice refuses is refused before it is on one.

import Metering
import Testing

@Suite struct PartyTests {
  @Test(arguments: [
    ("UK", "'UK' is 'GB'"), ("EL", "'EL' is 'GR'"), ("ZZ", "ISO 3166-1"), ("XK", "ISO 3166-1"),
    ("ee", "two capital letters"), ("E", "ISO 3166-1"), ("", "ISO 3166-1"), ("ЕЕ", "ISO 3166-1"),
  ])
  func aCountryThatNoListHasIsRefused(country: String, words: String) throws {
    let store = try MeterBench().meter.store
    let error = #expect(throws: UsageStoreError.self) {
      try store.setSeller(Party(name: "Apus", country: country))
    }
    #expect(error?.code == .invalidName)
    #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    #expect(try store.seller() == nil)
  }

  @Test(arguments: ["EE", "SI", "GR", "GB", "AX", "ZW", "AD"])
  func aCountryOfTheListIsTaken(country: String) throws {
    let store = try MeterBench().meter.store
    try store.setSeller(Party(name: "Apus", country: country, vatID: country + "1"))
    #expect(try store.seller()?.country == country)
  }

  @Test(
    arguments: [
      ("EL123456789", true), ("XI123456789", true), ("EE1", true), ("EE", false), ("ZZ1", false),
      ("123456789", false), ("ee1", false), ("E\u{301}E1", false),
    ])
  func aVATIDBeginsWithItsCountry(text: String, isGood: Bool) throws {
    let store = try MeterBench().meter.store
    let party = Party(name: "Apus", country: "GR", vatID: text)
    if isGood { return try store.setSeller(party) }
    let error = #expect(throws: UsageStoreError.self) { try store.setSeller(party) }
    #expect(error?.message.contains("letters of its country") == true)
  }

  @Test(
    arguments: [
      ("EE38 2200 2210 2014 5685", "EE382200221020145685"),
      ("GB82 WEST 1234 5698 7654 32", "GB82WEST12345698765432"), ("", ""),
      // A digit too many, one wrong, two swapped, small letters, too short, and text.
      ("EE3822002210201456855", nil), ("EE382200221020145684", nil),
      ("EE382200221020146585", nil), ("ee382200221020145685", nil), ("EE38", nil),
      ("to our bank", nil), ("EE38220022102014568\u{664}", nil),
    ] as [(String, String?)])
  func anIBANWithATypingErrorIsRefused(text: String, kept: String?) throws {
    let store = try MeterBench().meter.store
    var settings = try store.billingSettings()
    settings.iban = text
    if let kept {
      try store.setBilling(settings)
      #expect(try store.billingSettings().iban == kept)
    } else {
      #expect(throws: UsageStoreError.self) { try store.setBilling(settings) }
      #expect(try store.billingSettings().iban.isEmpty)
    }
  }
}
