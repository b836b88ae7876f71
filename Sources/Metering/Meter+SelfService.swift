// What a server asks its meter on behalf of key holders, beside admitting their requests.

extension Meter {
  /// The time that records are kept in.
  package var wallMilliseconds: Int64 { core.configuration.clock.wallMilliseconds() }

  /// How long things are kept.
  package var retention: RetentionPeriods { core.settings.current.settings.retention }

  /// The newest notices to everybody, newest first, at most 100.
  package var noticesToEverybody: [NoticeRecord] { core.settings.current.settings.notices }

  /// The record of the key that somebody came with; nil on this machine without keys.
  package func record(of principal: Principal) -> KeyRecord? {
    core.settings.record(principal.key)
  }

  /// The key that somebody came with and all that led to it or followed it by taking each other's
  /// place: what they may spend counts together.
  package func keysOfChain(of principal: Principal) -> Set<KeyID> {
    let records = core.settings.current.settings.keys.records
    return Set(records.filter { $0.firstKey == principal.firstKey }.map(\.id))
      .union([principal.key])
  }

  /// What is left of what somebody's account paid in advance, what runs not counted; nil where it
  /// pays afterwards, below zero where a correction took off more than there was.
  package func creditLeft(of principal: Principal) -> PicoEuro? {
    let used = core.used(by: principal.account)
    return core.settings.current.settings.credits[principal.account].map {
      (try? $0.adding(PicoEuro(rawValue: -used.rawValue))) ?? .zero
    }
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

  /// The spend limits that are held to for a key or an account; nil for none.
  package func budget(of scope: LimitScope) -> Budget? {
    core.settings.current.settings.budgets[scope]
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
}
