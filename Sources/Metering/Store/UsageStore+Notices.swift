// Notices and their deliveries, as rows of `meter.db`.

import FoundationEssentials
import GRDB

extension UsageStore {
  /// How notices go out.
  package func channels() throws(UsageStoreError) -> NoticeChannels {
    try read(doing: "read how notices go out", Self.channels)
  }

  static func channels(in db: Database) throws -> NoticeChannels {
    var channels = NoticeChannels()
    if let row = try Row.fetchOne(db, sql: "SELECT * FROM channel") {
      channels.sendmail = row["sendmail"]
      channels.sender = row["sender"]
      channels.webhook = row["webhook"]
      channels.secret = [UInt8](row["secret"] as Data)
    }
    return channels
  }

  /// Says how notices go out. The secret of the webhook is made the first time and stays until
  /// another is asked for. What is still to be posted goes to the address that holds, and nowhere
  /// once there is none.
  ///
  /// - Parameter newSecret: whether posts are signed with another secret from now on.
  /// - Throws: ``UsageStoreError``: `invalidName` for a sender that is no mail address, a webhook that
  ///   is no address of HTTP, or a command of several lines.
  package func setChannels(
    _ channels: NoticeChannels, newSecret: Bool = false
  ) throws(UsageStoreError) {
    guard channels.sender.isEmpty || Self.isMailAddress(channels.sender) else {
      throw UsageStoreError(
        .invalidName, "the sender must be one mail address, as apus@host.example")
    }
    guard channels.webhook.isEmpty || Self.isWebAddress(channels.webhook) else {
      throw UsageStoreError(
        .invalidName, "the webhook must be an address that begins with https:// or http://")
    }
    guard channels.sendmail.isOneLine(of: 0...256) else {
      throw UsageStoreError(.invalidName, "the command for mail must be one line of 256 characters")
    }
    guard let random = LibCrypto.randomBytes(count: 32) else {
      throw UsageStoreError(.inputOutput, "the system gave no random bytes for a secret")
    }
    let before = try self.channels()
    try write(doing: "say how notices go out") { db in
      try db.execute(
        sql: """
          INSERT INTO channel VALUES (1, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
            sendmail = excluded.sendmail, sender = excluded.sender, webhook = excluded.webhook,
            secret = CASE WHEN ? THEN excluded.secret ELSE secret END
          """,
        arguments: [channels.sendmail, channels.sender, channels.webhook, Data(random), newSecret])
      try db.execute(
        sql: channels.webhook.isEmpty
          ? "DELETE FROM notice_delivery WHERE state = ? AND channel = ? AND target <> ?"
          : "UPDATE notice_delivery SET target = ?3 WHERE state = ?1 AND channel = ?2",
        arguments: [
          DeliveryState.pending.rawValue, NoticeChannel.webhook.rawValue, channels.webhook,
        ])
      try note(
        "notice.channels", "notices", newSecret ? "another secret" : "",
        change: AuditChange(before.summary, channels.summary), in: db)
    }
  }

  /// Adds a member to an account, or changes the role of one, in whatever case the address is written.
  /// Notices go to owners and main users.
  package func setMember(
    _ email: String, role: KeyRole, of account: AccountID
  ) throws(UsageStoreError) {
    guard Self.isMailAddress(email) else {
      throw UsageStoreError(.invalidName, "a member is named by one mail address")
    }
    try write(doing: "add a member") { try setMember(email, role: role, of: account, in: $0) }
  }

  /// Adds a member, whose address is one, as a part of a transaction.
  func setMember(
    _ email: String, role: KeyRole, of account: AccountID, in db: Database
  ) throws {
    let before = try Int64.fetchOne(
      db, sql: "SELECT role FROM member WHERE account_id = ? AND email = ? COLLATE NOCASE",
      arguments: [account.rawValue, email]
    ).flatMap(KeyRole.init(rawValue:))
    try db.execute(
      sql: before == nil
        ? "INSERT INTO member (role, account_id, email) VALUES (?, ?, ?)"
        : "UPDATE member SET role = ? WHERE account_id = ? AND email = ? COLLATE NOCASE",
      arguments: [role.rawValue, account.rawValue, email])
    try note(
      "member.set", "account \(account.rawValue)", "\(role)",
      change: AuditChange(before?.word ?? "none", role.word), in: db)
  }

  /// Takes a member out of an account, and what was to be mailed or was mailed to the address: from
  /// the bytes of the file too. Where invoices go there, those deliveries stay.
  ///
  /// - Throws: ``UsageStoreError``: `notFound` where the account has no member of this address.
  package func removeMember(_ email: String, of account: AccountID) throws(UsageStoreError) {
    try write(doing: "remove a member") { db in
      let before = try Int64.fetchOne(
        db, sql: "SELECT role FROM member WHERE account_id = ? AND email = ? COLLATE NOCASE",
        arguments: [account.rawValue, email]
      ).flatMap(KeyRole.init(rawValue:))
      guard let before else {
        throw UsageStoreError(.notFound, "the account has no member of this address")
      }
      try db.execute(
        sql: "DELETE FROM member WHERE account_id = ? AND email = ? COLLATE NOCASE",
        arguments: [account.rawValue, email])
      try db.execute(
        sql: """
          DELETE FROM notice_delivery WHERE account_id = ?1 AND channel = ?2
            AND target = ?3 COLLATE NOCASE AND NOT (
              notice_id IN (SELECT id FROM notice WHERE invoice_id IS NOT NULL) AND EXISTS (
                SELECT 1 FROM party WHERE account_id = ?1 AND email = ?3 COLLATE NOCASE))
          """,
        arguments: [account.rawValue, NoticeChannel.mail.rawValue, email])
      try note(
        "member.remove", "account \(account.rawValue)",
        change: AuditChange(before.word, "none"), in: db)
    }
    try wipe()
  }

  /// Whether text is one mail address, as far as a header that bears it is concerned.
  static func isMailAddress(_ text: String) -> Bool {
    // By scalars: a comma and an accent behind it are one character, and part two addresses.
    let scalars = text.unicodeScalars
    return scalars.contains("@") && text.utf8.count <= 256
      && scalars.allSatisfy {
        !$0.properties.isWhitespace && !",;<>()".unicodeScalars.contains($0)
          && $0.properties.generalCategory != .control
      }
  }

  /// Whether text is an address that a post can go to: a scheme, a host, and no character that such an
  /// address has to encode.
  static func isWebAddress(_ text: String) -> Bool {
    let schemes = ["https://", "http://"]
    guard text.utf8.count <= 256, text.utf8.allSatisfy({ (33...126).contains($0) }),
      let scheme = schemes.first(where: text.hasPrefix)
    else { return false }
    return text.dropFirst(scheme.count).first.map { !"/?#".contains($0) } ?? false
  }

  /// The members of an account with their roles.
  package func members(
    of account: AccountID
  ) throws(UsageStoreError) -> [(email: String, role: KeyRole)] {
    try read(doing: "read members") { db in
      try Row.fetchAll(
        db, sql: "SELECT * FROM member WHERE account_id = ? ORDER BY id",
        arguments: [account.rawValue]
      ).compactMap { row in KeyRole(rawValue: row["role"]).map { (row["email"], $0) } }
    }
  }

  /// Publishes a notice: a delivery row for each owner and main user of an account, or of all that
  /// are neither closed nor still asked for, and one for the webhook.
  ///
  /// - Returns: how many deliveries there are to make.
  /// - Throws: ``UsageStoreError``: `invalidName` for a title that is not one line, or a text that is empty
  ///   or too long.
  package func publishNotice(
    title: String, body: String, to account: AccountID? = nil
  ) throws(UsageStoreError) -> Int {
    try write(doing: "publish a notice") { db in
      try publishNotice(title: title, body: body, to: account, in: db)
    }
  }

  /// Publishes a notice as a part of the transaction that does what it tells of: one is not there
  /// without the other, wherever the process ends.
  ///
  /// - Parameter invoice: what goes out with it, also to who is billed.
  /// - Throws: as the other one.
  func publishNotice(
    title: String, body: String, to account: AccountID?, invoice: InvoiceRecord? = nil,
    in db: Database
  ) throws -> Int {
    guard title.isOneLine(of: 1...256) else {
      throw UsageStoreError(.invalidName, "a title is one line of 1 to 256 characters")
    }
    guard (1...4096).contains(body.unicodeScalars.count), !body.unicodeScalars.contains("\0") else {
      throw UsageStoreError(.invalidName, "the text of a notice has 1 to 4096 characters")
    }
    let now = clock.wallMilliseconds()
    let webhook = try Self.channels(in: db).webhook
    try db.execute(
      sql: "INSERT INTO notice (title, body, at_ms, account_id, invoice_id)"
        + " VALUES (?, ?, ?, ?, ?)",
      arguments: [title, body, now, account?.rawValue, invoice?.id])
    let notice = db.lastInsertedRowID
    let insert = """
      INSERT INTO notice_delivery (notice_id, account_id, channel, target, state, attempts,
        next_ms)
      """
    try db.execute(
      sql: insert + """
         SELECT ?, account_id, ?, email, ?, 0, ? FROM member
        JOIN account ON account.id = account_id
        WHERE role IN (?, ?, ?) AND (account.state NOT IN (?, ?) OR ?)
          AND (? IS NULL OR account_id = ?)
        """,
      arguments: [
        notice, NoticeChannel.mail.rawValue, DeliveryState.pending.rawValue, now,
        KeyRole.owner.rawValue, KeyRole.mainUser.rawValue,
        (invoice == nil ? KeyRole.owner : .billing).rawValue, AccountState.closed.rawValue,
        // Nobody has shown yet that these addresses are theirs.
        AccountState.pending.rawValue,
        // The last invoice comes when an account is closed already.
        invoice != nil, account?.rawValue, account?.rawValue,
      ])
    var count = db.changesCount
    if let invoice {
      // Whom the invoice names, unless a member has the same address.
      try db.execute(
        sql: insert + """
           SELECT ?, account_id, ?, email, ?, 0, ? FROM party
          WHERE account_id = ? AND email <> '' AND email NOT IN
            (SELECT target FROM notice_delivery WHERE notice_id = ?)
          """,
        arguments: [
          notice, NoticeChannel.mail.rawValue, DeliveryState.pending.rawValue, now,
          invoice.account.rawValue, notice,
        ])
      count += db.changesCount
    }
    if !webhook.isEmpty {
      try db.execute(
        sql: insert + " VALUES (?, 0, ?, ?, ?, 0, ?)",
        arguments: [
          notice, NoticeChannel.webhook.rawValue, webhook, DeliveryState.pending.rawValue, now,
        ])
      count += 1
    }
    try note("notice.publish", "notice \(notice)", "\(count) deliveries", in: db)
    return count
  }
}

extension NoticeChannels {
  /// The command for mail, and whether there is a webhook: its address may hold a secret.
  fileprivate var summary: String {
    "mail by '\(sendmail)' from '\(sender)', \(webhook.isEmpty ? "no webhook" : "webhook")"
  }
}
