// Limits on being refused, which hold before anything of a request is read: by key for 429s, by address
// for wrong keys.

extension Meter {
  /// How many refusals for a limit a key may have before it has to wait as it is told; nil for any number.
  package var refusalLimit: RateLimit? { core.configuration.refusals }

  /// How often an address may present a wrong key; nil for always.
  package var wrongKeyLimit: RateLimit? { core.configuration.failedAuthentications }

  /// Looks whether a key goes on asking though it was told to wait. Takes nothing, and is for the time
  /// before a request's body is read.
  ///
  /// - Throws: ``MeterError``: 429.
  package func lookAtRefusals(of principal: Principal) throws(MeterError) {
    guard let limit = refusalLimit else { return }
    let now = core.configuration.clock.monotonicNanoseconds()
    let wait = refusedKeys.withLock { $0.wait(of: principal.firstKey, under: limit, at: now) }
    guard wait == 0 else {
      throw .tooManyRefusals(retryAfterMilliseconds: (wait + 999_999) / 1_000_000)
    }
  }

  /// Counts a refusal for a limit against its key, and gives it back to be thrown.
  func counted(_ error: MeterError, of principal: Principal) -> MeterError {
    // Whoever comes without a key has no limits of their own to be held to.
    guard let limit = refusalLimit, error.httpStatus == 429, principal.key != .local else {
      return error
    }
    let now = core.configuration.clock.monotonicNanoseconds()
    let wait = error.retryAfterMilliseconds.map { $0 * 1_000_000 }
    refusedKeys.withLock { $0.note(principal.firstKey, wait: wait, under: limit, at: now) }
    return error
  }

  /// Takes one from what an address may ask without any key.
  ///
  /// - Throws: ``MeterError``: 429.
  package func lookAtStranger(_ address: NetworkAddress?) throws(MeterError) {
    guard let address, let limit = wrongKeyLimit else { return }
    let now = core.configuration.clock.monotonicNanoseconds()
    let wait = core.withLimiter { $0.strike(.address(address), under: limit, at: now) }
    guard wait == 0 else {
      throw .tooManyFailedAuthentications(retryAfterMilliseconds: (wait + 999_999) / 1_000_000)
    }
  }
}
