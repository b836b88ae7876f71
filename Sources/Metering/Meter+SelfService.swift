// What a server asks its meter on behalf of key holders, beside admitting their requests.

extension Meter {
  /// The time that records are kept in.
  package var wallMilliseconds: Int64 { core.configuration.clock.wallMilliseconds() }

  /// The record of the key that somebody came with; nil on this machine without keys.
  package func record(of principal: Principal) -> KeyRecord? {
    core.settings.record(principal.key)
  }

  /// The limits that bind a key.
  package func limits(of principal: Principal) -> LimitRule {
    record(of: principal)?.limits ?? core.configuration.keyLimits
  }

  /// The limits that all keys of somebody's account share.
  package func accountLimits(of principal: Principal) -> LimitRule {
    core.settings.current.settings.limits[.account(principal.account)]?.rule
      ?? core.configuration.accountLimits
  }

  /// The price lists that hold, and those that were announced, in the order in which they were
  /// published.
  package func publishedPrices() throws(UsageStoreError) -> [PriceList] {
    let lists = try store.priceLists()
    let book = PriceBook(lists)
    let now = wallMilliseconds
    return lists.filter {
      $0.effectiveFromMilliseconds > now || book.list(of: $0.model, at: now) == $0
    }
  }

  /// Takes one from what an address may ask without any key.
  ///
  /// - Throws: ``MeterError``: 429.
  package func lookAtStranger(_ address: NetworkAddress?) throws(MeterError) {
    guard let address, let limit = core.configuration.failedAuthentications else { return }
    let now = core.configuration.clock.monotonicNanoseconds()
    let wait = core.withLimiter { $0.strike(.address(address), under: limit, at: now) }
    guard wait == 0 else {
      throw .tooManyFailedAuthentications(retryAfterMilliseconds: (wait + 999_999) / 1_000_000)
    }
  }
}
