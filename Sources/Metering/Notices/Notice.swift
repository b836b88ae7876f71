// What customers are told, on which road it goes out, and when it is tried again.

/// A road to a customer.
package enum NoticeChannel: Int64, Sendable, CaseIterable {
  case mail = 1
  case webhook = 2
}

/// What became of a delivery.
package enum DeliveryState: Int64, Sendable, CaseIterable {
  case pending = 1
  case sent = 2
  /// Given up after the last try.
  case failed = 3
}

/// One notice to one address.
package struct NoticeDelivery: Hashable, Sendable {
  package let id: Int64
  package let notice: Int64
  package let account: AccountID
  package let channel: NoticeChannel
  /// A mail address, or the address of the webhook.
  package let target: String
  package let title: String
  package let body: String
  /// What goes out with it.
  package let invoice: InvoiceDocument?
  package let state: DeliveryState
  package let attempts: Int64
  /// When it is tried next.
  package let nextMilliseconds: Int64

  /// How long to wait after each failed try; after the last it is given up.
  static let waitSeconds: [Int64] = [60, 300, 1800, 7200, 43_200]
}

/// A notice as it was published.
package struct NoticeRecord: Hashable, Sendable {
  package let id: Int64
  package let title: String
  package let body: String
  /// Whom it is for; nil for everybody.
  package let account: AccountID?
  /// The number of the invoice that it comes with.
  package let invoice: String?
  package let atMilliseconds: Int64
}

/// How notices go out.
package struct NoticeChannels: Sendable {
  /// The command that takes a mail on standard input, as `/usr/sbin/sendmail -t`; empty for none.
  package var sendmail = ""
  /// What mails come from.
  package var sender = ""
  /// Where a copy of each notice is posted; empty for nowhere.
  package var webhook = ""
  /// What posts are signed with, 32 bytes; made by the store.
  package internal(set) var secret: [UInt8] = []

  /// None.
  package init() {}

  /// Whether mail has a way out.
  package var sendsMail: Bool { !sendmail.isEmpty && !sender.isEmpty }

  /// The header that proves a post: `t=<seconds>,v1=<HMAC-SHA256 of "seconds.body" in hex>`.
  package func signature(of body: String, atSecond second: Int64) -> String? {
    guard let digest = MessageCode(key: secret)?.digest(of: Array("\(second).\(body)".utf8)),
      !digest.isEmpty
    else { return nil }
    return "t=\(second),v1=" + hexText(digest)
  }
}

/// Bytes as lower-case hexadecimal digits.
package func hexText(_ bytes: some Sequence<UInt8>) -> String {
  bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

/// A model that will not be served for long.
package struct ModelRetirement: Hashable, Sendable {
  package let model: ModelID
  /// When it was said (the `Deprecation` header of RFC 9745).
  package let announcedMilliseconds: Int64
  /// From when on it is not served (the `Sunset` header of RFC 8594).
  package let endsMilliseconds: Int64
  package let successor: ShortName?
}

/// Terms of use as they were published.
package struct TermsRecord: Hashable, Sendable {
  package let version: Int64
  package let title: String
  /// SHA-256 of the text, which stands elsewhere.
  package let hash: [UInt8]
  package let effectiveMilliseconds: Int64
}
