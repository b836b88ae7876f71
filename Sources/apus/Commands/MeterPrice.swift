// apus meter price: what tokens cost, from when on.

import ArgumentParser
import JSON
import Metering

struct MeterPrice: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "price", abstract: "Publish, list and try prices.",
    subcommands: [Publish.self, List.self, DryRun.self])

  /// Prices in euros per 1,000,000 units, with at most six digits behind the point.
  struct Numbers: ParsableArguments {
    @Option(parsing: .unconditional, help: "Input tokens.")
    var input: PicoEuro
    @Option(parsing: .unconditional, help: "Input tokens found in the cache; by default as input.")
    var cached: PicoEuro?
    @Option(parsing: .unconditional, help: "Output tokens.")
    var output: PicoEuro
    @Option(parsing: .unconditional, help: "Reasoning tokens; by default as output.")
    var reasoning: PicoEuro?
    @Option(parsing: .unconditional, help: "Milliseconds of audio.")
    var audio = PicoEuro.zero
    @Option(parsing: .unconditional, help: "Requests.")
    var request = PicoEuro.zero

    func validate() throws {
      if prices == nil {
        throw ValidationError(
          "Prices are euros per 1,000,000 units, from 0 to 1000000, with at most six digits behind "
            + "the point, and cached input costs no more than input.")
      }
    }

    /// The list, nil where a price is none.
    var prices: Prices? {
      let all = [input, cached ?? input, output, reasoning ?? output, audio, request]
      let units = all.compactMap(\.microEuros)
      guard units.count == all.count else { return nil }
      return Prices(
        input: units[0], cachedInput: units[1], output: units[2], reasoning: units[3],
        audioMillisecond: units[4], request: units[5])
    }
  }

  struct Publish: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Publish prices of a model, in euros per 1,000,000 units.",
      discussion: "They never change what was used before: a list is only ever followed by another."
    )
    @Argument(help: "The model's name, as it is served.") var model: ShortName
    @OptionGroup var numbers: Numbers
    @Option(help: "From when on: 2027-01-31, or 30d from now; by default now.") var from: Moment?
    @OptionGroup var output: MeterOutput

    func run() throws {
      guard let prices = numbers.prices else { return }
      try Keys.withStore { store in
        let list = try store.publishPrices(
          prices, model: store.modelID(model), effectiveFromMilliseconds: from?.wallMilliseconds)
        output.show(list.row(model.text))
      }
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List all prices that were ever published, in euros per 1,000,000 units.")
    @OptionGroup var output: MeterOutput

    func run() throws {
      try Keys.withStore { store in
        let names = try store.modelNames()
        output.show(
          try store.priceLists().map { $0.row(names[$0.model]?.text ?? "-") },
          ifNone: "There are no prices: everything is free.")
      }
    }
  }

  struct DryRun: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "dry-run",
      abstract: "Tell what a past month would have cost at other prices; changes nothing.")
    @Argument(help: "The model's name.") var model: String
    @OptionGroup var numbers: Numbers
    @Option(help: "The month, as 2026-11.") var month = UTCMonth.current
    @OptionGroup var output: MeterOutput

    func run() throws {
      guard let prices = numbers.prices else { return }
      let (charged, wouldBe) = try Keys.withStore {
        try $0.repriced($0.model(named: model), month: month, at: prices)
      }
      output.show([
        "model": .string(model), "month": .string("\(month)"),
        "charged_eur": .string(charged.description), "would_be_eur": .string(wouldBe.description),
      ])
    }
  }
}

extension PicoEuro {
  /// Millionths of a euro; nil where there is a rest, or less than nothing.
  fileprivate var microEuros: Int64? {
    let (whole, rest) = rawValue.quotientAndRemainder(dividingBy: 1_000_000)
    return rest == 0 && whole >= 0 ? whole : nil
  }

  fileprivate init(microEuros: Int64) { self.init(rawValue: microEuros * 1_000_000) }
}

extension PriceList {
  fileprivate func row(_ model: String) -> JSONObject {
    func price(_ value: Int64) -> JSONValue { .money(PicoEuro(microEuros: value)) }
    return [
      "id": .integer(id.rawValue), "model": .string(model),
      "from": .time(effectiveFromMilliseconds), "input": price(prices.input),
      "cached": price(prices.cachedInput), "output": price(prices.output),
      "reasoning": price(prices.reasoning), "audio_ms": price(prices.audioMillisecond),
      "request": price(prices.request),
    ]
  }
}
