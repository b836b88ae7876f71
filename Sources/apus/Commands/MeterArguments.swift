// What the metering commands take: moments, spans, money, and names of things in the store.

import ArgumentParser
import Foundation
import Metering

/// A moment: `2027-01-31` (midnight UTC), `2027-01-31T08:00:00Z`, or a span from now, as `30d`.
struct Moment: ExpressibleByArgument {
  let wallMilliseconds: Int64
  /// How long from now, where that was said.
  private let span: TimeSpan?

  /// The moment, with spans counted from here.
  func wallMilliseconds(from now: Int64) -> Int64 {
    span.map { now + $0.duration.components.seconds * 1000 } ?? wallMilliseconds
  }

  init?(argument: String) {
    span = TimeSpan(argument: argument)
    if let span {
      wallMilliseconds =
        MeterClock.system.wallMilliseconds() + span.duration.components.seconds * 1000
      return
    }
    let day = Date.ISO8601FormatStyle().year().month().day()
    guard
      let date = (try? Date(argument, strategy: .iso8601)) ?? (try? Date(argument, strategy: day))
    else { return nil }
    wallMilliseconds = Int64(date.timeIntervalSince1970) * 1000
  }
}

/// A moment that is past: `2027-01-31`, `2027-01-31T08:00:00Z`, a span before now, as `90d`, or
/// calendar months before today, as `3mo`.
struct PastMoment: ExpressibleByArgument {
  let wallMilliseconds: Int64

  init?(argument: String) {
    let now = MeterClock.system.wallMilliseconds()
    if argument.hasSuffix("mo"), let months = Int(argument.dropLast(2)), (0...1200).contains(months)
    {
      var calendar = Calendar(identifier: .gregorian)
      calendar.timeZone = .gmt
      let today = Date(timeIntervalSince1970: Double(now / 86_400_000 * 86_400))
      guard let day = calendar.date(byAdding: .month, value: -months, to: today) else { return nil }
      wallMilliseconds = Int64(day.timeIntervalSince1970) * 1000
    } else if let span = TimeSpan(argument: argument) {
      wallMilliseconds = now - span.duration.components.seconds * 1000
    } else if let moment = Moment(argument: argument) {
      wallMilliseconds = moment.wallMilliseconds
    } else {
      return nil
    }
  }
}

/// A span of time: `90s`, `15m`, `24h`, `30d`.
struct TimeSpan: ExpressibleByArgument {
  let duration: Duration

  init?(argument: String) {
    let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
    guard let unit = argument.last.flatMap({ units[$0] }), let count = Int64(argument.dropLast()),
      (0...100_000_000).contains(count)
    else { return nil }
    duration = .seconds(count * unit)
  }

  var defaultValueDescription: String {
    let seconds = duration.components.seconds
    let units: [(Int64, String)] = [(86_400, "d"), (3600, "h"), (60, "m")]
    let unit = units.first { seconds > 0 && seconds % $0.0 == 0 } ?? (1, "s")
    return "\(seconds / unit.0)\(unit.1)"
  }
}

extension PicoEuro: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}

extension UTCMonth: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }

  /// The month in which this command runs.
  static var current: UTCMonth {
    UTCMonth(wallMilliseconds: MeterClock.system.wallMilliseconds())
  }
}

extension ShortName: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}

extension KeyName: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}

extension AddressRange: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}

extension SuspensionReason: ExpressibleByArgument {
  public init?(argument: String) {
    guard let reason = Self.allCases.first(where: { "\($0)" == argument }) else { return nil }
    self = reason
  }

  public static var allValueStrings: [String] { allCases.map { "\($0)" } }
}

extension KeyRole: ExpressibleByArgument {
  public init?(argument: String) {
    guard let role = Self.allCases.first(where: { $0.word == argument }) else { return nil }
    self = role
  }

  public static var allValueStrings: [String] { allCases.map(\.word) }
}

extension UsageStore {
  /// The account of this name or number.
  func account(named text: String) throws -> AccountRecord {
    let accounts = try accounts()
    // The number first: nobody chooses theirs.
    let found =
      accounts.first { "\($0.id.rawValue)" == text } ?? accounts.first { $0.name.text == text }
    guard let found else {
      throw CommandError(
        .unusableInput,
        "no account is called '\(text)': 'apus meter account list' shows the names there are")
    }
    return found
  }

  /// The key of this name.
  func key(named name: KeyName) throws -> KeyRecord {
    guard let key = try keys().first(where: { $0.name == name }) else {
      throw CommandError(
        .unusableInput, "no key is named '\(name)': 'apus keys list' shows the names there are")
    }
    return key
  }

  /// The number of a model that was served, or priced, before.
  func model(named text: String) throws -> ModelID {
    guard let model = try modelNames().first(where: { $0.value.text == text })?.key else {
      throw CommandError(
        .unusableInput,
        "no model called '\(text)' was ever served or priced here: 'apus meter model add' makes it "
          + "known")
    }
    return model
  }
}

/// The one thing that a limit or a budget belongs to.
struct ScopeArguments: ParsableArguments {
  @Option(help: "A key, by its name.") var key: KeyName?
  @Option(help: "An account, by name or number.") var account: String?
  @Option(
    help: "A model, by its name; beside a key or an account, what holds for that at the model.")
  var model: String?

  func validate() throws {
    guard (key == nil) != (account == nil) || (key == nil && model != nil) else {
      throw ValidationError("Give --key or --account, --model, or --model beside one of both.")
    }
  }

  /// The scope in this store.
  func scope(in store: UsageStore) throws -> LimitScope {
    let model = try model.map { try store.model(named: $0) }
    if let key {
      let id = try store.key(named: key).id
      return model.map { .keyAtModel(id, $0) } ?? .key(id)
    }
    if let account {
      let id = try store.account(named: account).id
      return model.map { .accountAtModel(id, $0) } ?? .account(id)
    }
    guard let model else { throw ValidationError("Give --key, --account or --model.") }
    return .model(model)
  }
}
