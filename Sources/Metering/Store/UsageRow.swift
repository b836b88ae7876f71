// What the ledger holds of a request, while it runs and after it.

/// A request that was admitted and has not ended: on the disk before its first token leaves.
package struct OpenRow: Hashable, Sendable {
  package let requestID: RequestID
  package let startedMilliseconds: Int64
  package let account: AccountID
  package let key: KeyID
  package let model: ModelID
  package let kind: RequestKind
  package let price: PriceID
  package let promptTokens: Int64
  package let role: KeyRole
  package let client: ClientTraits

  /// A row.
  package init(
    requestID: RequestID, startedMilliseconds: Int64, account: AccountID, key: KeyID,
    model: ModelID, kind: RequestKind, price: PriceID, promptTokens: Int64, role: KeyRole,
    client: ClientTraits
  ) {
    self.requestID = requestID
    self.startedMilliseconds = startedMilliseconds
    self.account = account
    self.key = key
    self.model = model
    self.kind = kind
    self.price = price
    self.promptTokens = promptTokens
    self.role = role
    self.client = client
  }
}

/// A request that has ended: one for each that was admitted, whatever became of it.
///
/// What can be nil here is nil in a row that was read where the metadata profile does not name it.
package struct UsageRow: Hashable, Sendable {
  package let requestID: RequestID
  /// Wall time of admission; its month names the file that holds the row.
  package let startedMilliseconds: Int64
  /// Wall time of the end; the month of the bill is taken from it.
  package let settledMilliseconds: Int64
  package let account: AccountID
  package let key: KeyID
  package let model: ModelID
  package let kind: RequestKind
  package var status: RequestStatus?
  /// 0 where no answer went out.
  package let httpStatus: Int64?
  package let usage: TokenUsage
  /// Microseconds from arrival to the first token.
  package let firstTokenMicroseconds: Int64?
  /// Microseconds from arrival to the end.
  package let latencyMicroseconds: Int64?
  /// The price list that the request was admitted under.
  package let price: PriceID
  /// What it is charged: exactly its units times the list's prices; 0 where it is not billable.
  package var cost: PicoEuro
  package var isBillable: Bool
  /// The role of the key.
  package let role: KeyRole?

  /// A row; of a request that is not billable the cost is 0.
  package init(
    requestID: RequestID, startedMilliseconds: Int64, settledMilliseconds: Int64,
    account: AccountID, key: KeyID, model: ModelID, kind: RequestKind, status: RequestStatus?,
    httpStatus: Int64?, usage: TokenUsage, firstTokenMicroseconds: Int64?,
    latencyMicroseconds: Int64?, price: PriceID, cost: PicoEuro, isBillable: Bool, role: KeyRole?
  ) {
    self.requestID = requestID
    self.startedMilliseconds = startedMilliseconds
    self.settledMilliseconds = settledMilliseconds
    self.account = account
    self.key = key
    self.model = model
    self.kind = kind
    self.status = status
    self.httpStatus = httpStatus
    self.usage = usage
    self.firstTokenMicroseconds = firstTokenMicroseconds
    self.latencyMicroseconds = latencyMicroseconds
    self.price = price
    self.cost = isBillable ? cost : .zero
    self.isBillable = isBillable
    self.role = role
  }

  /// The file that the row belongs to.
  var month: UTCMonth { UTCMonth(wallMilliseconds: startedMilliseconds) }
}
