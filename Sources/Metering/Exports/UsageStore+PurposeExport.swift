// Rows of usage for somebody else's program: those fields alone that its purpose may have.

/// Rows with a value, or none, for each field.
package struct UsageExport: Sendable {
  package let fields: [MetadataField]
  package let rows: [[String?]]

  /// A table with a heading (RFC 4180), a line an element.
  package var table: [String] {
    [tableLine(fields.map(\.rawValue))] + rows.map { tableLine($0.map { $0 ?? "" }) }
  }

  /// A JSON object a line.
  package var objects: [String] {
    rows.map { row in
      // Numbers and words of closed lists: none has anything to escape.
      let members = zip(fields, row).map { field, value in
        "\"\(field.rawValue)\":" + (value.map { "\"\($0)\"" } ?? "null")
      }
      return "{" + members.joined(separator: ",") + "}"
    }
  }
}

extension UsageStore {
  /// The requests of a month, oldest first, with what the profile names and the purpose may have.
  ///
  /// - Parameter account: only the requests of this account; nil for all.
  package func exportUsage(
    month: UTCMonth, account: AccountID? = nil, for purpose: Purpose
  ) throws(UsageStoreError) -> UsageExport {
    try checkRows(of: month)
    let fields = profile.fields.filter { $0 != .number && $0.purposes.contains(purpose) }
    let needsPersonal = fields.contains(where: MetadataField.personal.contains)
    var personal = PersonalRows(store: self)
    var rows: [[String?]] = []
    for row in try usageRows(month: month, limit: .max).reversed() {
      if let account, row.account != account { continue }
      let known =
        needsPersonal
        ? try personal.of(row.requestID, startedMilliseconds: row.startedMilliseconds) : [:]
      rows.append(fields.map { row.text(of: $0) ?? known[$0] })
    }
    return UsageExport(fields: fields, rows: rows)
  }
}

extension UsageRow {
  /// A field as text, nil where the row does not have it.
  func text(of field: MetadataField) -> String? {
    switch field {
    case .number, .address, .agent: nil
    case .requestID: requestID.description
    case .started: "\(startedMilliseconds)"
    case .settled: "\(settledMilliseconds)"
    case .account: "\(account.rawValue)"
    case .key: "\(key.rawValue)"
    case .model: "\(model.rawValue)"
    case .kind: "\(kind)"
    case .inputTokens: "\(usage.promptTokens)"
    case .cachedTokens: "\(usage.cachedPromptTokens)"
    case .outputTokens: "\(usage.completionTokens)"
    case .reasoningTokens: "\(usage.reasoningTokens)"
    case .audio: "\(usage.audioMilliseconds)"
    case .price: "\(price.rawValue)"
    case .cost: "\(cost.rawValue)"
    case .billable: "\(isBillable)"
    case .role: role.map { "\($0)" }
    case .status: status.map { "\($0)" }
    case .httpStatus: httpStatus.map { "\($0)" }
    case .firstToken: firstTokenMicroseconds.map { "\($0)" }
    case .latency: latencyMicroseconds.map { "\($0)" }
    }
  }
}
