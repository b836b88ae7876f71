// GET /pricing.json: the price book as it stands and as it was announced, for everybody.

import Hummingbird
import JSON
import Metering

enum Pricing {
  static let route = Route(
    method: .get, path: "/pricing.json", access: .open
  ) { exchange, _ in
    guard exchange.backend.meter != nil else { return .json(document([], [:], served: [])) }
    let served = Set(exchange.backend.models.map(\.recordID))
    return .json(
      try await exchange.withLedger(at: .everybody) { ledger in
        document(
          try ledger.meter.publishedPrices(), try ledger.store.modelNames(), served: served)
      })
  }

  /// Prices are euros per 1,000,000 units, as text, because they are exact.
  private static func document(
    _ lists: [PriceList], _ models: [ModelID: ShortName], served: Set<ModelID>
  ) -> JSONValue {
    [
      "object": "price_list", "currency": "eur", "unit": 1_000_000,
      "taxes": "Prices are without taxes.",
      "data": .array(
        lists.filter { served.contains($0.model) }.map { list in
          func price(_ value: Int64) -> JSONValue {
            .string(PicoEuro(rawValue: value * 1_000_000).description)
          }
          return [
            "id": .integer(list.id.rawValue), "model": .string(models[list.model]?.text ?? "-"),
            "effective_from": .seconds(list.effectiveFromMilliseconds),
            "input": price(list.prices.input), "cached_input": price(list.prices.cachedInput),
            "output": price(list.prices.output), "reasoning": price(list.prices.reasoning),
            "audio_millisecond": price(list.prices.audioMillisecond),
            "request": price(list.prices.request),
          ]
        }),
    ]
  }
}
