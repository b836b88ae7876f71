// The document as an electronic invoice: UBL 2.1 by the European norm EN 16931-1. Terms in brackets
// (BT-…) are the norm's own.

extension InvoiceDocument {
  /// UBL 2.1, an `Invoice` (type 380) or a `CreditNote` (type 381).
  package var ubl: String {
    let isCredit = kind == .creditNote
    let root = isCredit ? "CreditNote" : "Invoice"
    let schema = "urn:oasis:names:specification:ubl:schema:xsd:"
    var xml = MarkupWriter()
    xml.raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>")
    xml.raw(
      "<\(root) xmlns=\"\(schema)\(root)-2\""
        + " xmlns:cac=\"\(schema)CommonAggregateComponents-2\""
        + " xmlns:cbc=\"\(schema)CommonBasicComponents-2\">")
    xml.element("cbc:CustomizationID", "urn:cen.eu:en16931:2017")  // BT-24
    xml.element("cbc:ID", number)  // BT-1
    xml.element("cbc:IssueDate", issued)  // BT-2
    if !isCredit { xml.element("cbc:DueDate", due) }  // BT-9
    xml.element("cbc:\(root)TypeCode", isCredit ? "381" : "380")  // BT-3
    if taxBasisPoints == nil { xml.element("cbc:Note", Self.reverseChargeText) }  // BT-22
    xml.element("cbc:DocumentCurrencyCode", "EUR")  // BT-5
    xml.element("cac:InvoicePeriod") { xml in
      xml.element("cbc:StartDate", periodStart)  // BT-73
      xml.element("cbc:EndDate", periodEnd)  // BT-74
    }
    if let credits {
      xml.element("cac:BillingReference") { xml in
        xml.element("cac:InvoiceDocumentReference") { $0.element("cbc:ID", credits) }  // BT-25
      }
    }
    xml.element("cac:AccountingSupplierParty") { seller.write(to: &$0) }
    xml.element("cac:AccountingCustomerParty") { buyer.write(to: &$0) }
    if !isCredit, !iban.isEmpty {
      xml.element("cac:PaymentMeans") { xml in
        xml.element("cbc:PaymentMeansCode", "30")  // BT-81: credit transfer
        xml.element("cbc:PaymentID", number)  // BT-83
        xml.element("cac:PayeeFinancialAccount") { $0.element("cbc:ID", iban) }  // BT-84
      }
    }
    // The terms of the invoice are none of its credit note, which has no due date either and has to
    // say something in its place (BR-CO-25).
    let words = credits.map { "Takes back invoice \($0)." } ?? terms
    if !words.isEmpty {
      xml.element("cac:PaymentTerms") { $0.element("cbc:Note", words) }  // BT-20
    }
    writeTotals(to: &xml)
    for line in lines { write(line, root, to: &xml) }
    xml.raw("</\(root)>")
    return xml.text
  }

  /// Why a line comes to less than its units.
  static let notChargedText = "Not charged"

  /// What Article 226 (11a) of Directive 2006/112/EC wants to be said.
  static let reverseChargeText = "Reverse charge"

  /// The category of tax (BT-118, BT-151).
  private var taxCategory: String {
    guard let taxBasisPoints else { return "AE" }
    return taxBasisPoints == 0 ? "Z" : "S"
  }

  private func writeTotals(to xml: inout MarkupWriter) {
    let currency = "currencyID=\"EUR\""
    xml.element("cac:TaxTotal") { xml in
      xml.element("cbc:TaxAmount", centsText(taxCents), currency)  // BT-110
      xml.element("cac:TaxSubtotal") { xml in
        xml.element("cbc:TaxableAmount", centsText(netCents), currency)  // BT-116
        xml.element("cbc:TaxAmount", centsText(taxCents), currency)  // BT-117
        xml.element("cac:TaxCategory") { xml in
          writeTaxCategory(to: &xml)
          if taxBasisPoints == nil {
            xml.element("cbc:TaxExemptionReasonCode", "VATEX-EU-AE")  // BT-121
            xml.element("cbc:TaxExemptionReason", Self.reverseChargeText)  // BT-120
          }
          xml.element("cac:TaxScheme") { $0.element("cbc:ID", "VAT") }
        }
      }
    }
    xml.element("cac:LegalMonetaryTotal") { xml in
      xml.element("cbc:LineExtensionAmount", centsText(netCents), currency)  // BT-106
      xml.element("cbc:TaxExclusiveAmount", centsText(netCents), currency)  // BT-109
      xml.element("cbc:TaxInclusiveAmount", centsText(grossCents), currency)  // BT-112
      xml.element("cbc:PayableAmount", centsText(grossCents), currency)  // BT-115
    }
  }

  private func writeTaxCategory(to xml: inout MarkupWriter) {
    xml.element("cbc:ID", taxCategory)
    xml.element("cbc:Percent", centsText(taxBasisPoints ?? 0))  // BT-119, BT-152
  }

  private func write(_ line: Line, _ root: String, to xml: inout MarkupWriter) {
    let quantity = root == "Invoice" ? "InvoicedQuantity" : "CreditedQuantity"
    // C62 is "one", the unit of what has no other (UN/ECE Recommendation 20).
    let unit = "unitCode=\"C62\""
    xml.element("cac:\(root)Line") { xml in
      xml.element("cbc:ID", "\(line.number)")  // BT-126
      xml.element("cbc:\(quantity)", "\(line.units)", unit)  // BT-129
      xml.element(
        "cbc:LineExtensionAmount", centsText(line.netCents), "currencyID=\"EUR\"")  // BT-131
      if let allowance = line.allowanceCents {
        xml.element("cac:AllowanceCharge") { xml in
          xml.element("cbc:ChargeIndicator", "false")
          xml.element("cbc:AllowanceChargeReason", Self.notChargedText)  // BT-139
          xml.element("cbc:Amount", centsText(allowance), "currencyID=\"EUR\"")  // BT-136
        }
      }
      xml.element("cac:Item") { xml in
        xml.element("cbc:Name", line.title)  // BT-153
        xml.element("cac:ClassifiedTaxCategory") { xml in
          writeTaxCategory(to: &xml)
          xml.element("cac:TaxScheme") { $0.element("cbc:ID", "VAT") }
        }
      }
      xml.element("cac:Price") { xml in
        xml.element("cbc:PriceAmount", line.priceText, "currencyID=\"EUR\"")  // BT-146
        xml.element("cbc:BaseQuantity", "1000000", unit)  // BT-149
      }
    }
  }
}

extension InvoiceDocument.Line {
  /// The price of 1,000,000 units in euros, with six digits behind the point.
  var priceText: String {
    let (euros, rest) = price.quotientAndRemainder(dividingBy: 1_000_000)
    return "\(euros)." + String(String(1_000_000 + rest).dropFirst())
  }
}

extension Party {
  fileprivate func write(to xml: inout MarkupWriter) {
    xml.element("cac:Party") { xml in
      xml.element("cac:PostalAddress") { xml in
        xml.element("cbc:StreetName", street)
        xml.element("cbc:CityName", city)
        xml.element("cbc:PostalZone", postcode)
        xml.element("cac:Country") { $0.element("cbc:IdentificationCode", country) }
      }
      if !vatID.isEmpty {
        xml.element("cac:PartyTaxScheme") { xml in
          xml.element("cbc:CompanyID", vatID)  // BT-31, BT-48
          xml.element("cac:TaxScheme") { $0.element("cbc:ID", "VAT") }
        }
      }
      xml.element("cac:PartyLegalEntity") { $0.element("cbc:RegistrationName", name) }
      if !email.isEmpty {
        xml.element("cac:Contact") { $0.element("cbc:ElectronicMail", email) }
      }
    }
  }
}
