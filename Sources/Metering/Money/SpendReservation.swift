// The money side of one running request: how many tokens are paid for, and the step to the next.

/// What a request has reserved, in money and in the tokens that this money pays for.
struct SpendReservation: Sendable {
  let list: PriceList
  let scopes: [LimitScope]
  /// What was admitted, which the reservation pays for whatever else it does.
  private let promptTokens: Int64
  private var audioMilliseconds: Int64
  /// Output tokens beyond which the client wants none.
  private let mostTokens: Int64
  private(set) var reserved: PicoEuro
  /// Output tokens that the reservation pays for.
  private(set) var grantedTokens: Int64

  /// Reserves the worst case of a request's beginning.
  ///
  /// - Parameters:
  ///   - tokens: output tokens to begin with.
  ///   - leastTokens: with how many it may begin where there is no money for all of them.
  /// - Throws: ``SpendRefusal`` where a cap or the credit refuses it.
  init(
    _ request: AdmissionRequest, tokens: Int64, leastTokens: Int64, list: PriceList,
    scopes: [LimitScope], in book: inout SpendBook
  ) throws(SpendRefusal) {
    let tokens = Self.affordable(
      tokens, least: leastTokens, request, list.prices, room: book.room(in: scopes))
    let amount: PicoEuro
    do throws(MoneyError) {
      amount = try list.prices.worstCase(
        promptTokens: request.promptTokens, completionTokens: tokens,
        audioMilliseconds: request.audioMilliseconds)
    } catch { throw Self.beyondMoney(scopes) }
    if let refusal = book.reserve(amount, for: scopes) { throw refusal }
    self.list = list
    self.scopes = scopes
    promptTokens = request.promptTokens
    audioMilliseconds = request.audioMilliseconds
    mostTokens = min(request.maxCompletionTokens ?? .max, request.contextLeft)
    reserved = amount
    grantedTokens = tokens
  }

  /// What refuses an amount that is more than any amount of money.
  private static func beyondMoney(_ scopes: [LimitScope]) -> SpendRefusal {
    .cap(scopes.first ?? .account(.local))
  }

  /// As many of the output tokens as there is money for, but no fewer than `least`.
  private static func affordable(
    _ tokens: Int64, least: Int64, _ request: AdmissionRequest, _ prices: Prices, room: PicoEuro
  ) -> Int64 {
    guard least < tokens, prices.dearestOutput > 0,
      let beginning = try? prices.worstCase(
        promptTokens: request.promptTokens, completionTokens: 0,
        audioMilliseconds: request.audioMilliseconds),
      beginning <= room
    else { return tokens }
    return min(tokens, max(least, (room.rawValue - beginning.rawValue) / prices.dearestOutput))
  }

  /// Whether one more token after `completionTokens` is paid for, reserving the next step if needed:
  /// as many tokens of it as there is money for.
  mutating func paysForMore(
    than completionTokens: Int64, step: Int64, in book: inout SpendBook
  ) -> Bool {
    guard completionTokens >= grantedTokens, grantedTokens < mostTokens else { return true }
    let price = list.prices.dearestOutput
    let wanted = min(step, mostTokens - grantedTokens)
    let affordable = price == 0 ? wanted : max(0, book.room(in: scopes).rawValue) / price
    let tokens = min(wanted, affordable)
    guard tokens > 0 else { return false }
    let amount = PicoEuro(rawValue: tokens * price)
    guard book.reserve(amount, for: scopes) == nil else { return false }
    reserved = PicoEuro(rawValue: reserved.rawValue + amount.rawValue)
    grantedTokens += tokens
    return true
  }

  /// Reserves what sound costs, beyond what is reserved for it.
  ///
  /// - Returns: what refuses, and then nothing more is reserved; nil where all was.
  mutating func reserve(audioMilliseconds: Int64, in book: inout SpendBook) -> SpendRefusal? {
    guard audioMilliseconds > self.audioMilliseconds else { return nil }
    guard
      let amount = try? PicoEuro(rawValue: list.prices.audioMillisecond).times(
        audioMilliseconds - self.audioMilliseconds), let sum = try? reserved.adding(amount)
    else { return Self.beyondMoney(scopes) }
    if let refusal = book.reserve(amount, for: scopes) { return refusal }
    reserved = sum
    self.audioMilliseconds = audioMilliseconds
    return nil
  }

  /// Ends the reservation and gives what is charged: the usage as the row has it, and its exact cost
  /// at the list's prices; no cost where it is not billable.
  ///
  /// A usage beyond what was granted is reserved now, as far as the client wanted it: the engine
  /// counts the token that ends an answer, which nobody asks about. Where there is no money for it,
  /// what was not granted is not in the usage: the engine made it at its own cost.
  consuming func settle(
    _ usage: TokenUsage, isBillable: Bool, in book: inout SpendBook
  ) -> (usage: TokenUsage, cost: PicoEuro, passedSoftLimits: [LimitScope]) {
    guard isBillable else {
      return (usage, .zero, book.settle(reserved: reserved, spent: .zero, for: scopes))
    }
    let (usage, cost) = charged(usage, in: &book)
    return (usage, cost, book.settle(reserved: reserved, spent: cost, for: scopes))
  }

  /// The most of a usage that there is money for, and its cost; `reserved` covers that afterwards.
  private mutating func charged(
    _ usage: TokenUsage, in book: inout SpendBook
  ) -> (TokenUsage, PicoEuro) {
    if let cost = try? list.prices.cost(of: usage), cost <= reserved { return (usage, cost) }
    let wanted = cut(usage, to: mostTokens)
    if let cost = try? list.prices.cost(of: wanted), covers(cost, in: &book) {
      return (wanted, cost)
    }
    let granted = cut(usage, to: grantedTokens)
    // No part of it is more than what was reserved at the dearest price.
    return (granted, (try? list.prices.cost(of: granted)) ?? reserved)
  }

  /// Reserves what an amount goes beyond the reservation, where there is money for it.
  private mutating func covers(_ cost: PicoEuro, in book: inout SpendBook) -> Bool {
    if cost <= reserved { return true }
    let more = PicoEuro(rawValue: cost.rawValue - reserved.rawValue)
    guard book.reserve(more, for: scopes) == nil else { return false }
    reserved = cost
    return true
  }

  /// The usage with no more than what was admitted, and so many output tokens.
  private func cut(_ usage: TokenUsage, to completionTokens: Int64) -> TokenUsage {
    TokenUsage(
      promptTokens: min(usage.promptTokens, promptTokens),
      cachedPromptTokens: usage.cachedPromptTokens,
      completionTokens: min(usage.completionTokens, completionTokens),
      reasoningTokens: usage.reasoningTokens,
      audioMilliseconds: min(usage.audioMilliseconds, audioMilliseconds))
  }
}
