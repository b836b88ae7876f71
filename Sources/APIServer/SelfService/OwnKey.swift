// GET /v1/key, POST /v1/keys/rotate and /v1/keys/report-leak: the key that asks, its successor, and
// keys that were found where they should not be.

import Hummingbird
import JSON
import Metering

enum OwnKey {
  /// The key that asks: OpenRouter's fields, in euros, and what is ours beside them.
  static let show = Route(method: .get, path: "/v1/key") { exchange, _ in
    .json(["data": .object(try await exchange.withLedger(.readOwnUsage) { try $0.keyCard() })])
  }

  /// Keys that an account may replace by itself within 24 hours: each is kept for ever.
  static let mostReplacedInDay = 100

  /// A new key in the place of the one that asks, or of another of the account.
  static let rotate = Route(method: .post, path: "/v1/keys/rotate") { exchange, _ in
    let (name, grace) = try await exchange.withFields { fields throws in
      let name = try fields.string("name")
      // Ten weeks at most: a grace is for changing over, not for having two keys.
      let grace = try fields.integer("grace_seconds", in: 0...6_048_000) ?? 86_400
      return (name, grace)
    }
    let card = try await exchange.withLedger(.readOwnUsage) { ledger -> JSONObject in
      let old = try ledger.key(named: name)
      // Who holds a key may replace it; replacing others' takes the right to.
      if old.id != ledger.principal.key { try ledger.principal.require(.manageKeys) }
      let new = try ledger.store.rotateKey(
        old.name, grace: .seconds(grace), mostInDay: mostReplacedInDay, by: ledger.key?.name)
      ledger.meter.refreshKeys()
      return [
        "object": "api_key", "key": .string(new.text), "name": .string("\(new.record.name)"),
        "label": .string("\(new.record.label)"), "replaces": .string("\(old.name)"),
        "replaced_key_ends_at": .integer(ledger.now / 1000 + Int64(grace)),
      ]
    }
    return .json(.object(card))
  }

  /// Revokes a key of anybody's, and those that took its place, for whoever has the whole of it.
  static let reportLeak = Route(method: .post, path: "/v1/keys/report-leak") { exchange, _ in
    let text = try await exchange.withFields { fields throws in
      guard let text = try fields.string("key") else { throw fields.missing("key") }
      return text
    }
    return .json(
      try await exchange.withLedger(.readOwnUsage) { ledger in
        guard let record = try ledger.store.reportLeak(text)?.key else {
          throw APIError.refused(
            .notFound, "key_not_found", "This is no key of this server; nothing was changed.")
        }
        ledger.meter.refreshKeys()
        return ["object": "api_key", "name": .string("\(record.name)"), "revoked": true]
      })
  }
}

extension OwnLedger {
  /// A key of the account; the one that asks where no name is given.
  fileprivate func key(named name: String?) throws -> KeyRecord {
    guard let name else {
      guard let key else { throw APIError.unknownObject("key") }
      return key
    }
    let found = try store.keys().first { "\($0.name)" == name && $0.account == account }
    guard let found else { throw APIError.unknownObject("key") }
    return found
  }

  fileprivate func keyCard() throws -> JSONObject {
    let hour = now / 3_600_000
    let day = hour / 24
    let month = UTCMonth(wallMilliseconds: now)
    // 1970 began on a Thursday; weeks begin on Monday.
    let monday = day - (day + 3) % 7
    var query = UsageQuery(account: account, hours: 0..<(hour + 1), bucketHours: 24)
    query.keys = meter.keysOfChain(of: principal)
    var used = [MoneySum](repeating: .zero, count: 4)
    for part in try store.usage(query) {
      let since = [true, part.bucket * 24 >= month.firstHour, part.bucket >= monday]
      for (place, counts) in (since + [part.bucket >= day]).enumerated() where counts {
        used[place] += part.sums.cost
      }
    }
    let cap = meter.budget(of: .key(principal.firstKey))?.hard
    let spending = meter.spending(of: .key(principal.firstKey))
    // What the account has spent is not for each of its programs.
    let seesAccount = principal.role.may(.readUsage)
    let accountCap = seesAccount ? meter.budget(of: .account(account))?.hard : nil
    let accountSpent = meter.spending(of: .account(account)).spent
    let record = key
    let models = try store.modelNames()
    let rule = meter.limits(of: principal)
    return [
      "label": .string(record?.label.text ?? "local"),
      "limit": cap.map { .euros($0) } ?? .null,
      "limit_remaining": cap.map { .euros(max(.zero, $0.minus(spending.spent))) } ?? .null,
      "limit_reset": cap == nil ? .null : "monthly", "usage": .euros(used[0]),
      "usage_monthly": .euros(used[1]), "usage_weekly": .euros(used[2]),
      "usage_daily": .euros(used[3]), "is_free_tier": false, "is_provisioning_key": false,
      "rate_limit": [
        "requests": rule.requests.map { .integer($0.perMinute) } ?? .null, "interval": "60s",
      ],
      "account_limit": accountCap.map { .euros($0) } ?? .null,
      "account_limit_remaining": accountCap.map { .euros(max(.zero, $0.minus(accountSpent))) }
        ?? .null,
      // Null where the account pays afterwards.
      "credit_remaining_eur": seesAccount
        ? meter.creditLeft(of: principal).map { .string($0.description) } ?? .null : .null,
      "currency": "eur", "usage_eur": .string(used[0].description),
      "name": record.map { .string("\($0.name)") } ?? .null,
      "role": .string(principal.role.word),
      "account": .string(
        try store.accounts().first { $0.id == account }?.name.text ?? "local"),
      "created_at": .seconds(record?.createdMilliseconds),
      "expires_at": .seconds(record?.expiresMilliseconds),
      // Null where the key may use all.
      "models": record.flatMap { $0.models.isEmpty ? nil : $0.models }.map { allowed in
        .array(allowed.compactMap { models[$0]?.text }.sorted().map { .string($0) })
      } ?? .null,
      "limits": .object(rule.card),
      // What the key's limits allow is cut by these, which all keys of the account share.
      "account_limits": .object(meter.accountLimits(of: principal).card),
      // What may be in vain: refusals of a key, before it has to wait as it is told, and wrong keys
      // from an address.
      "refusal_limit": meter.refusalLimit?.card ?? .null,
      "wrong_key_limit": meter.wrongKeyLimit?.card ?? .null,
    ]
  }
}

extension RateLimit {
  /// The limit with what may come at once after a rest.
  fileprivate var card: JSONValue {
    ["per_minute": .integer(perMinute), "burst": .integer(burst)]
  }
}

extension LimitRule {
  /// The limits as a key holder reads them; null for what is not limited.
  fileprivate var card: JSONObject {
    func rate(_ limit: RateLimit?) -> JSONValue { limit.map { .integer($0.perMinute) } ?? .null }
    return [
      "requests_per_minute": rate(requests), "tokens_per_minute": rate(tokens),
      "input_tokens_per_minute": rate(inputTokens),
      "output_tokens_per_minute": rate(outputTokens),
      "parallel_requests": parallel.map { .integer($0) } ?? .null,
    ]
  }
}

extension PicoEuro {
  /// The rest of a limit; 0 where the numbers leave their range.
  fileprivate func minus(_ other: PicoEuro) -> PicoEuro {
    (try? adding(PicoEuro(rawValue: -other.rawValue))) ?? .zero
  }
}
