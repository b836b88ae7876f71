// Whether the data folder is as it should be: what an operator looks at before trusting a bill, and after a
// crash, a move or a restore.

import FoundationEssentials
import GRDB

/// One thing that was looked at.
package struct LedgerFinding: Hashable, Sendable {
  package enum State: String, Sendable {
    case good
    /// Works, and something is missing that an operator of a service wants.
    case advice
    case broken
  }

  package let subject: String
  package let state: State
  package let text: String
}

extension UsageStore {
  /// Looks at the whole folder. Changes nothing, and may run while a server does.
  package func examine() throws(UsageStoreError) -> [LedgerFinding] {
    var findings = [
      LedgerFinding(subject: "sqlite", state: .good, text: Self.sqliteVersion), rightsFinding(),
    ]
    for file in ["meter.db"] + (try months().map { "events-\($0).db" }) {
      findings.append(fileFinding(file))
    }
    for month in try months() { findings.append(sumFinding(month)) }
    let trail = try verifyAudit()
    findings.append(
      LedgerFinding(
        subject: "audit trail", state: trail.firstBroken == nil ? .good : .broken,
        text: trail.firstBroken.map { "entry \($0) was changed, or one before it taken out" }
          ?? "\(trail.count) entries, whole"))
    findings.append(try documentFinding())
    // Where the invoices themselves cannot be read, that was just told.
    let all = try accounts().compactMap { try? bills(of: $0.id) }
    let open = all.flatMap(\.open)
    let late = all.flatMap(\.late).flatMap(\.faults)
    return findings + draftFindings(open, late) + (try adviceFindings(open))
  }

  private func rightsFinding() -> LedgerFinding {
    let rights =
      (try? FileManager.default.attributesOfItem(atPath: folder))?[.posixPermissions] as? Int ?? 0
    let isClosed = rights & 0o077 == 0
    return LedgerFinding(
      subject: "data folder", state: isClosed ? .good : .advice,
      text: isClosed
        ? "its owner's alone" : "others of this machine may look into it: chmod 700 '\(folder)'")
  }

  private func fileFinding(_ file: String) -> LedgerFinding {
    let answer: String
    do {
      answer =
        try Schema.openForReading("\(folder)/\(file)").read {
          try String.fetchOne($0, sql: "PRAGMA quick_check(1)")
        } ?? "nothing"
    } catch { answer = UsageStoreError(error, doing: "read '\(file)'").message }
    return LedgerFinding(
      subject: file, state: answer == "ok" ? .good : .broken,
      text: answer == "ok" ? "whole" : "SQLite says: \(answer.prefix(100))")
  }

  private func sumFinding(_ month: UTCMonth) -> LedgerFinding {
    let (isGood, text): (Bool, String)
    do throws(UsageStoreError) {
      let (events, rollups) = try sums(month: month)
      isGood = events == rollups
      text =
        isGood
        ? "\(events.requests) requests; requests and rollups add up to the same"
        : "requests and rollups do not add up to the same: restore this file from a backup"
    } catch { (isGood, text) = (false, error.message) }
    return LedgerFinding(
      subject: "sums of \(month)", state: isGood ? .good : .broken, text: text)
  }

  private func documentFinding() throws(UsageStoreError) -> LedgerFinding {
    let (count, changed) = try read(doing: "read the documents of invoices") { db in
      let rows = try Row.fetchCursor(db, sql: "SELECT number, document, hash FROM invoice")
      var (count, changed): (Int, [String]) = (0, [])
      while let row = try rows.next() {
        count += 1
        let hash = LibCrypto.sha256([UInt8](row["document"] as Data))
        if hash != [UInt8](row["hash"] as Data) { changed.append(row["number"]) }
      }
      return (count, changed)
    }
    return LedgerFinding(
      subject: "invoices", state: changed.isEmpty ? .good : .broken,
      text: changed.isEmpty
        ? "\(count) documents, as they were issued"
        : "changed after their issue: \(changed.joined(separator: " "))")
  }

  private func draftFindings(_ open: [OpenMonth], _ late: [DraftFault]) -> [LedgerFinding] {
    let faults = open.compactMap(\.fault) + late
    guard !faults.isEmpty else {
      let count = open.count(where: \.isOwed)
      return [
        LedgerFinding(subject: "bills", state: .good, text: "\(count) to be issued, add up")
      ]
    }
    return faults.map {
      LedgerFinding(
        subject: "bills", state: $0.isBillable ? .advice : .broken, text: $0.description)
    }
  }

  /// What an operator of a service will want to set.
  private func adviceFindings(_ open: [OpenMonth]) throws(UsageStoreError) -> [LedgerFinding] {
    var advice: [(subject: String, text: String)] = []
    if try keys().isEmpty {
      advice.append(("keys", "none yet: requests of this machine alone are answered"))
    }
    let older = try pepperUse().filter { !$0.isNewest && $0.keys > 0 }
    if !older.isEmpty {
      let count = older.reduce(0) { $0 + $1.keys }
      advice.append(
        ("pepper", "\(count) keys are of an older one, and not replaced yet: apus meter key list"))
    }
    if try !priceLists().isEmpty, try seller() == nil {
      advice.append(("seller", "prices are published and nobody bills: apus meter billing seller"))
    }
    advice += try forgottenMonths(open)
    advice += try missingAddresses(open)
    advice += ((try? blockedSteps()) ?? []).map { account, step in
      (
        "dunning",
        "account \(account.rawValue) is not stopped for \(step.number): its warning has reached "
          + "nobody. Give it a member and mails a way (apus meter account member, apus meter notice "
          + "channels), or count that as enough: apus meter invoice dun --without-delivery"
      )
    }
    let channels = try channels()
    let deliveries = try deliveries(dueOnly: false)
    if !channels.sendsMail {
      let waiting = deliveries.count { $0.channel == .mail && $0.state == .pending }
      let way = channels.webhook.isEmpty ? "go out nowhere" : "go to the webhook alone"
      advice.append(
        (
          "notices",
          "\(way), \(waiting) mails wait; customers find them at /v1/notices: apus meter notice "
            + "channels"
        ))
    }
    let failed = deliveries.count { $0.state == .failed }
    if failed > 0 {
      advice.append(
        ("deliveries", "\(failed) were given up: apus meter notice list, apus meter notice retry"))
    }
    let open = try incidents().count { $0.endedMilliseconds == nil }
    if open > 0 {
      advice.append(("incidents", "\(open) measures hold: apus meter incident list"))
    }
    return advice.map { LedgerFinding(subject: $0.subject, state: .advice, text: $0.text) }
  }

  /// Months before the last one that somebody owes for and nobody has billed. The last one has until its
  /// end to be.
  private func forgottenMonths(
    _ open: [OpenMonth]
  ) throws(UsageStoreError) -> [(subject: String, text: String)] {
    guard try seller() != nil else { return [] }
    let last = try billingSettings().zone.month(wallMilliseconds: clock.wallMilliseconds()).previous
    let forgotten = open.filter { $0.isOwed && $0.month < last }
    return Dictionary(grouping: forgotten, by: \.account.rawValue).sorted { $0.key < $1.key }.map {
      account, months in
      let list = months.map(\.month.description).joined(separator: ", ")
      return (
        "unbilled",
        "account \(account) has no invoice for \(list): apus meter "
          + "invoice issue --month \(months[0].month)"
      )
    }
  }

  /// What keeps parties off the invoices of those who owe something.
  private func missingAddresses(
    _ open: [OpenMonth]
  ) throws(UsageStoreError) -> [(subject: String, text: String)] {
    guard let seller = try seller() else { return [] }
    var gaps = [Self.gap(seller: seller)]
    for account in Set(open.filter(\.isOwed).map(\.account)).sorted(by: {
      $0.rawValue < $1.rawValue
    }) {
      let buyer = try buyer(of: account)
      gaps.append(Self.gap(buyer: buyer?.party, of: account, reverseCharge: buyer?.reverseCharge))
    }
    return gaps.compactMap { $0 }.map { ("parties", "no invoice can be issued: \($0)") }
  }
}
