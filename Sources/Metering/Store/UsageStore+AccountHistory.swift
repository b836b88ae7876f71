// What happened with an account, in words, for its export.

import GRDB

extension UsageStore {
  /// Each kind of thing that happened with an account: its word, its time, its text, and what
  /// stands behind that: a moment, an amount, what a bank or an operator said of it.
  private static let happenings = """
    SELECT 'notice' AS what, at_ms, title || ': ' || body AS text, NULL AS ends_ms, NULL AS pico,
      NULL AS cents, '' AS reference FROM notice WHERE account_id = :id
    UNION ALL SELECT 'warning', at_ms, 'reason ' || \(words("reason", SuspensionReason.allCases)),
      NULL, NULL, NULL, '' FROM warning WHERE account_id = :id
    UNION ALL SELECT 'terms accepted', at_ms, 'version ' || version, NULL, NULL, NULL, ''
      FROM acceptance WHERE account_id = :id
    UNION ALL SELECT 'notice given', asked_ms, 'ends at', ends_ms, NULL, NULL, '' FROM termination
      WHERE account_id = :id
    UNION ALL SELECT 'credit', at_ms, \(words("kind", CreditKind.allCases)), NULL, amount_p, NULL,
      reference FROM ledger WHERE account_id = :id
    UNION ALL SELECT 'payment', at_ms, number || ':', NULL, NULL, cents, payment.reference
      FROM payment JOIN invoice ON invoice.id = invoice_id WHERE account_id = :id
    UNION ALL SELECT 'dispute', opened_ms, number || ' line ' || line || ', '
        || \(words("state", DisputeState.allCases)) || ':', NULL, NULL, cents, ''
      FROM dispute JOIN invoice ON invoice.id = invoice_id WHERE account_id = :id
    UNION ALL SELECT 'reminder', at_ms, number || ': ' || \(words("stage", DunningStage.allCases)),
      NULL, NULL, NULL, '' FROM dunning JOIN invoice ON invoice.id = invoice_id
      WHERE account_id = :id
    UNION ALL SELECT 'incident', started_ms, \(words("measure", IncidentMeasure.allCases)) ||
        CASE WHEN ended_ms IS NULL THEN ', goes on' ELSE ', until' END, ended_ms, NULL, NULL, ''
      FROM incident WHERE account_id = :id
    UNION ALL SELECT 'delivery', coalesce(sent_ms, next_ms),
        'notice ' || notice_id || ' to ' || target, NULL, NULL, NULL, ''
      FROM notice_delivery WHERE account_id = :id
    ORDER BY 2
    """

  /// What the numbers of a column mean, as an expression.
  private static func words<Value: RawRepresentable>(
    _ column: String, _ values: [Value]
  ) -> String where Value.RawValue == Int64 {
    let cases = values.map { "WHEN \($0.rawValue) THEN '\($0)'" }.joined(separator: " ")
    return "CASE \(column) \(cases) ELSE CAST(\(column) AS TEXT) END"
  }

  /// What happened with an account, oldest first.
  func history(of account: AccountID) throws(UsageStoreError) -> [AccountExport.Happening] {
    try read(doing: "read what happened with an account") { db in
      try Row.fetchAll(db, sql: Self.happenings, arguments: ["id": account.rawValue]).map { row in
        let time: Int64 = row["at_ms"]
        let parts: [String?] = [
          row["text"] as String, (row["ends_ms"] as Int64?).map(timeText),
          (row["pico"] as Int64?).map { "\(PicoEuro(rawValue: $0)) EUR" },
          (row["cents"] as Int64?).map { "\(centsText($0)) EUR" }, row["reference"] as String,
        ]
        return AccountExport.Happening(
          what: row["what"], atMilliseconds: time, at: timeText(time),
          text: parts.compactMap(\.self).filter { !$0.isEmpty }.joined(separator: " "))
      }
    }
  }
}
