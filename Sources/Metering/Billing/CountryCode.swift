// Which two letters name a country on an invoice. EN 16931 refuses documents with others (BR-CL-14 and
// BR-CO-09), and a bill that is refused is not paid.

/// The two letters of countries.
enum CountryCode {
  /// ISO 3166-1, alpha-2, as of 2026: 249 codes.
  private static let assigned = codes(
    """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS \
    BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE \
    EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM \
    HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC \
    LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA \
    NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW \
    SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO \
    TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
    """)
  /// What VAT ids begin with beside those: Greece, and Northern Ireland.
  private static let ofTaxesAlone = codes("EL XI")
  /// What people write in their place.
  private static let meant = ["UK": "GB", "EL": "GR"]

  /// Whether the text names a country.
  static func isCountry(_ text: String) -> Bool { assigned.contains(text) }

  /// Whether a VAT id begins with the letters of where it is from, and has something behind them.
  static func isVATID(_ text: String) -> Bool {
    let letters = String(text.unicodeScalars.prefix(2))
    return text.unicodeScalars.count > 2
      && (assigned.contains(letters) || ofTaxesAlone.contains(letters))
  }

  /// What is wrong with a text that names no country.
  static func complaint(_ text: String) -> String {
    "a country is two capital letters of ISO 3166-1, such as EE"
      + (meant[text].map { "; '\(text)' is '\($0)' there" } ?? "")
  }

  private static func codes(_ text: String) -> Set<String> {
    Set(text.split(separator: " ").map(String.init))
  }
}

/// Whether a text without spaces is an IBAN (ISO 13616): two letters, two digits that prove the rest, up
/// to 30 letters and digits.
func isIBAN(_ text: String) -> Bool {
  let bytes = Array(text.utf8)
  guard (15...34).contains(bytes.count), bytes[..<2].allSatisfy({ (65...90).contains($0) }),
    bytes[2..<4].allSatisfy({ (48...57).contains($0) }),
    bytes[4...].allSatisfy({ (48...57).contains($0) || (65...90).contains($0) })
  else { return false }
  // Letters are the numbers from 10 on; what comes of it is 1 by 97.
  let rest = (bytes[4...] + bytes[..<4]).reduce(0) { rest, byte in
    byte < 65 ? (rest * 10 + Int(byte) - 48) % 97 : (rest * 100 + Int(byte) - 55) % 97
  }
  return rest == 1
}
