// Deliveries of notices, as rows of `meter.db`: which are due, who makes one, how it went.

import FoundationEssentials
import GRDB

extension UsageStore {
  /// How long whoever took a delivery has for it before somebody else may try.
  static let deliveryClaimSeconds: Int64 = 300

  private static let selectDeliveries = """
    SELECT notice_delivery.*, title, body, invoice.document, invoice.number AS invoice_number
    FROM notice_delivery JOIN notice ON notice.id = notice_id
    LEFT JOIN invoice ON invoice.id = notice.invoice_id
    """

  /// Deliveries, newest first: those to be tried now, or all.
  package func deliveries(dueOnly: Bool) throws(UsageStoreError) -> [NoticeDelivery] {
    let now = clock.wallMilliseconds()
    return try read(doing: "read deliveries") { db in
      try Row.fetchAll(
        db,
        sql: Self.selectDeliveries
          + " WHERE NOT ? OR (notice_delivery.state = ? AND next_ms <= ?)"
          + " ORDER BY notice_delivery.id DESC",
        arguments: [dueOnly, DeliveryState.pending.rawValue, now]
      ).compactMap(NoticeDelivery.init)
    }
  }

  /// Takes the oldest delivery that is due, so that no other process makes it too: mail only where
  /// there is a way for it, so that none is given up before there is one. Who takes one and
  /// is gone before it says how it went is followed by another after five minutes; the delivery's
  /// number, which goes out with it, tells the receiver that it has it already.
  package func claimDelivery() throws(UsageStoreError) -> NoticeDelivery? {
    let now = clock.wallMilliseconds()
    return try write(doing: "take a delivery") { db in
      let row = try Row.fetchOne(
        db,
        sql: Self.selectDeliveries
          + " WHERE notice_delivery.state = ? AND next_ms <= ? AND (channel <> ? OR ?)"
          + " ORDER BY notice_delivery.id",
        arguments: [
          DeliveryState.pending.rawValue, now, NoticeChannel.mail.rawValue,
          Self.channels(in: db).sendsMail,
        ])
      guard let delivery = row.flatMap(NoticeDelivery.init) else { return nil }
      try db.execute(
        sql: "UPDATE notice_delivery SET next_ms = ? WHERE id = ?",
        arguments: [now + Self.deliveryClaimSeconds * 1000, delivery.id])
      return delivery
    }
  }

  /// Notes how a try went: sent, to be tried again later, or given up. A second note of the same try
  /// changes nothing.
  package func noteDelivery(_ delivery: NoticeDelivery, succeeded: Bool) throws(UsageStoreError) {
    let now = clock.wallMilliseconds()
    let wait = NoticeDelivery.waitSeconds.dropFirst(Int(delivery.attempts)).first
    let state: DeliveryState = succeeded ? .sent : wait == nil ? .failed : .pending
    try write(doing: "note a delivery") { db in
      try db.execute(
        sql: """
          UPDATE notice_delivery SET state = ?, attempts = attempts + 1, next_ms = ?, sent_ms = ?
          WHERE id = ? AND state = ? AND attempts = ?
          """,
        arguments: [
          state.rawValue, now + (wait ?? 0) * 1000, succeeded ? now : nil, delivery.id,
          DeliveryState.pending.rawValue, delivery.attempts,
        ])
    }
  }

  /// Lets every delivery that was given up be tried again, as often as a new one.
  ///
  /// - Returns: how many there are.
  package func retryDeliveries() throws(UsageStoreError) -> Int {
    let now = clock.wallMilliseconds()
    return try write(doing: "try deliveries again") { db in
      // The webhook has one address at a time.
      try db.execute(
        sql: """
          UPDATE notice_delivery SET state = ?, attempts = 0, next_ms = ?
          WHERE state = ? AND (channel <> ? OR target = ?)
          """,
        arguments: [
          DeliveryState.pending.rawValue, now, DeliveryState.failed.rawValue,
          NoticeChannel.webhook.rawValue, Self.channels(in: db).webhook,
        ])
      let count = db.changesCount
      try note("notice.retry", "notices", "\(count) deliveries", in: db)
      return count
    }
  }

  /// The notices that concern an account, newest first: those to everybody, and its own.
  package func notices(for account: AccountID) throws(UsageStoreError) -> [NoticeRecord] {
    try notices(where: "notice.account_id IS NULL OR notice.account_id = ?", [account.rawValue])
  }

  /// The newest notices to everybody, newest first, at most so many.
  func noticesToEverybody(limit: Int) throws(UsageStoreError) -> [NoticeRecord] {
    try notices(where: "notice.account_id IS NULL", [], limit: limit)
  }

  private func notices(
    where condition: String, _ arguments: StatementArguments, limit: Int = -1
  ) throws(UsageStoreError) -> [NoticeRecord] {
    try read(doing: "read notices") { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT notice.*, number FROM notice LEFT JOIN invoice ON invoice.id = invoice_id
          WHERE \(condition) ORDER BY notice.id DESC LIMIT \(limit)
          """, arguments: arguments
      ).map { row in
        NoticeRecord(
          id: row["id"], title: row["title"], body: row["body"],
          account: (row["account_id"] as Int64?).map(AccountID.init(rawValue:)),
          invoice: row["number"], atMilliseconds: row["at_ms"])
      }
    }
  }
}

extension NoticeDelivery {
  fileprivate init?(_ row: Row) {
    guard let channel = NoticeChannel(rawValue: row["channel"]),
      let state = DeliveryState(rawValue: row["state"])
    else { return nil }
    let document = (row["document"] as Data?).flatMap {
      try? InvoiceDocument(encoded: [UInt8]($0))
    }
    self.init(
      id: row["id"], notice: row["notice_id"], account: AccountID(rawValue: row["account_id"]),
      channel: channel, target: row["target"], title: row["title"], body: row["body"],
      invoice: document, state: state, attempts: row["attempts"],
      nextMilliseconds: row["next_ms"])
  }
}
