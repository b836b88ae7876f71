// The parameters that OpenAI's reports of usage and costs share, and their pages: time is cut into
// buckets, a page has so many of them, and its cursor names the bucket where the next one begins.

import Hummingbird
import JSON
import Metering

/// A page of a report, as it was asked for.
struct UsageBuckets: Sendable {
  /// How wide a bucket is.
  enum Width: String, CaseIterable {
    case hour = "1h"
    case day = "1d"

    var hours: Int64 { self == .hour ? 1 : 24 }
    /// Buckets of a page: usually, and at most.
    var counts: (usual: Int64, most: Int64) { self == .hour ? (24, 168) : (7, 31) }
  }

  /// What the results of a bucket can be told apart by.
  enum Group: String, CaseIterable {
    case key = "api_key_id"
    case model
    case lineItem = "line_item"
  }

  /// Hours since 1970 of this page, and the hours of a bucket.
  let hours: Range<Int64>
  let bucketHours: Int64
  let groups: Set<String>
  /// Where the next page begins; nil where this is the last.
  let next: Int64?
  private let keys: [String]?
  private let models: [String]?

  /// Reads the query of a request.
  ///
  /// - Parameters:
  ///   - widths: the widths that the report has; the last is the usual one.
  ///   - groups: what it can be grouped by.
  init(
    _ query: QueryFields, widths: [Width], groups: [Group], most: Int64? = nil, now: Int64
  ) throws(APIError) {
    try query.refuseUnsupported(
      ["project_ids", "user_ids", "batch"], "this server has accounts and keys, and no batches")
    if query.text("bucket_width") == "1m" {
      throw query.invalid("bucket_width", "must be 1h or 1d: usage is summed up by the hour")
    }
    let width = try query.choice("bucket_width", Width.self) ?? widths[widths.count - 1]
    guard widths.contains(width) else { throw query.invalid("bucket_width", "must be 1d") }
    let seconds: ClosedRange<Int64> = 0...253_402_300_799
    guard let start = try query.integer("start_time", in: seconds) else {
      throw .invalid(
        "start_time", "missing_required_parameter",
        "Missing required parameter: 'start_time' (seconds since 1970).")
    }
    let end = try query.integer("end_time", in: seconds) ?? (now / 1000 + 1)
    guard end > start else { throw query.invalid("end_time", "must be later than 'start_time'") }
    let limit =
      try query.integer("limit", in: 1...(most ?? width.counts.most)) ?? width.counts.usual
    bucketHours = width.hours
    var first = start / 3600 / bucketHours * bucketHours
    let last = (end + 3599) / 3600
    if let page = query.text("page") {
      guard page.hasPrefix("page_"), let hour = Int64(page.dropFirst(5)), hour >= first,
        hour < last, hour % bucketHours == 0
      else { throw query.invalid("page", "is no cursor of this report") }
      first = hour
    }
    let count = min(limit, (last - first + bucketHours - 1) / bucketHours)
    hours = first..<(first + count * bucketHours)
    next = hours.upperBound < last ? hours.upperBound : nil
    self.groups = Set(query.list("group_by") ?? [])
    for group in self.groups where !groups.contains(where: { $0.rawValue == group }) {
      let names = groups.map(\.rawValue).joined(separator: ", ")
      throw query.invalid("group_by", "takes \(names) here")
    }
    keys = query.list("api_key_ids")
    models = query.list("models")
  }

  func isGrouped(by group: Group) -> Bool { groups.contains(group.rawValue) }

  /// What the page asks of the ledger. A key or model that the account never had matches nothing.
  func query(_ ledger: OwnLedger, kinds: Set<RequestKind>?) throws -> UsageQuery {
    var query = UsageQuery(account: ledger.account, hours: hours, bucketHours: bucketHours)
    query.kinds = kinds
    if let keys {
      query.keys = Set(
        try ledger.store.keys().filter {
          keys.contains("\($0.name)") && $0.account == ledger.account
        }
        .map(\.id))
    }
    if let models {
      query.models = Set(
        try ledger.store.modelNames().filter { models.contains($0.value.text) }.map(\.key))
    }
    return query
  }

  /// The page: every bucket of it, empty ones too.
  func page(_ results: (Int64) throws -> [JSONObject]) rethrows -> JSONValue {
    let buckets = try (0..<Int64(hours.count) / bucketHours).map { bucket -> JSONValue in
      let start = hours.lowerBound + bucket * bucketHours
      return [
        "object": "bucket", "start_time": .integer(start * 3600),
        "end_time": .integer((start + bucketHours) * 3600),
        "results": .array(try results(bucket).map { .object($0) }),
      ]
    }
    return [
      "object": "page", "data": .array(buckets), "has_more": .bool(next != nil),
      "next_page": next.map { .string("page_\($0)") } ?? .null,
    ]
  }
}
