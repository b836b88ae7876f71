// The document as a page to read and to print.

extension InvoiceDocument {
  /// HTML without scripts and without anything fetched from elsewhere.
  package var html: String {
    let title = (kind == .invoice ? "Invoice " : "Credit note ") + number
    var page = MarkupWriter()
    page.raw("<!DOCTYPE html>")
    page.raw("<html lang=\"en\"><head><meta charset=\"utf-8\">")
    page.element("title", title)
    page.raw(
      "<style>body{font:14px/1.5 sans-serif;max-width:50em;margin:2em auto}"
        + "table{border-collapse:collapse;width:100%}td,th{padding:.3em;text-align:left;"
        + "border-bottom:1px solid #ccc}.n{text-align:right}</style></head><body>")
    page.element("h1", title)
    if let credits { page.element("p", "Takes back invoice \(credits).") }
    page.element("p", "Issued \(issued)" + (kind == .invoice ? ", due \(due)" : ""))
    page.element("p", "Supplied \(periodStart) to \(periodEnd) (\(zone))")
    write(seller, "From", to: &page)
    write(buyer, "To", to: &page)
    page.element("table") { page in
      page.raw(
        "<tr><th>Item</th><th class=\"n\">Units</th><th class=\"n\">EUR per 1,000,000</th>"
          + "<th class=\"n\">Net EUR</th></tr>")
      for line in lines {
        page.element("tr") { page in
          let allowance = line.allowanceCents.map {
            "; \(Self.notChargedText): \(centsText($0)) EUR"
          }
          page.element("td", "\(line.title)\(allowance ?? "")")
          for number in ["\(line.units)", line.priceText, centsText(line.netCents)] {
            page.element("td", number, "class=\"n\"")
          }
        }
      }
      let tax = taxBasisPoints.map { "VAT \(centsText($0)) %" } ?? Self.reverseChargeText
      let totals = [("Net", netCents), (tax, taxCents), ("Total EUR", grossCents)]
      for (name, cents) in totals {
        page.element("tr") { page in
          page.element("th", name, "colspan=\"3\"")
          page.element("td", centsText(cents), "class=\"n\"")
        }
      }
    }
    // How an invoice is to be paid is none of its credit note's business.
    if kind == .invoice {
      if !iban.isEmpty { page.element("p", "Pay to \(iban), reference \(number).") }
      page.element("p", terms)
    }
    for tree in receipts ?? [] {
      page.element("p", "Receipts of \(tree.month): \(tree.count), under the root \(tree.root).")
    }
    page.raw("</body></html>")
    return page.text
  }

  private func write(_ party: Party, _ title: String, to page: inout MarkupWriter) {
    page.element("h2", title)
    let lines = [
      party.name, party.street, "\(party.postcode) \(party.city)", party.country,
      party.vatID.isEmpty ? "" : "VAT \(party.vatID)", party.email,
    ]
    for line in lines { page.element("div", line) }
  }
}
