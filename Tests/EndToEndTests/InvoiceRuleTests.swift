// Electronic invoices against the official rules of EN 16931, and the schemas of UBL.

import Foundation
import Metering
import TestSupport
import Testing

@Suite(.enabled(if: DeliverySinks.isThere, DeliverySinks.absence))
struct InvoiceRuleTests {
  @Test func `invoices and credit notes keep to the rules of the norm`() async throws {
    try await TemporaryFolder.with { folder async throws in
      var files: [String] = []
      func write(_ document: InvoiceDocument, _ name: String) throws {
        files.append("\(folder)/\(name).xml")
        try document.ubl.write(toFile: files[files.count - 1], atomically: true, encoding: .utf8)
      }
      for (name, reverse, tax, terms) in [
        ("rate", false, 2400, ""), ("zero", false, 0, "Pay within two weeks."),
        ("odd", false, 2550, ""), ("reverse", true, 2400, "Pay & be well."),
      ] as [(String, Bool, Int64, String)] {
        let issued = try await InvoiceFolder.make(
          "\(folder)/\(name)", reverseCharge: reverse, tax: tax, terms: terms
        ) { store, issued in
          try write(store.creditInvoice(issued.document.number).document, name + "-credit")
        }
        try write(issued.document, name)
      }
      let outcome = try await validate(files)
      #expect(outcome.status == 0, "\(outcome.text)\(outcome.errors)")
    }
  }

  @Test func `the rules find what is wrong`() async throws {
    try await TemporaryFolder.with { folder async throws in
      let issued = try await InvoiceFolder.make(folder + "/data")
      let wrong = issued.document.ubl.replacingOccurrences(
        of: "<cbc:PayableAmount currencyID=\"EUR\">",
        with: "<cbc:PayableAmount currencyID=\"EUR\">9")
      try wrong.write(toFile: folder + "/wrong.xml", atomically: true, encoding: .utf8)
      let outcome = try await validate([folder + "/wrong.xml"])
      #expect(outcome.status == 1)
      #expect(outcome.text.contains("BR-CO-16"))
    }
  }

  private func validate(_ files: [String]) async throws -> Program.Outcome {
    try await Program.run(
      DeliverySinks.python,
      [Fixtures.packageRoot + "/Tests/Clients/validate_invoice.py"] + files)
  }
}
