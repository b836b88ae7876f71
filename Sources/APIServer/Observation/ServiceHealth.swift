// Whether the models answer, as their newest probes found it.

import Metering
import Synchronization

/// What is known of each model, in the order that they are served in.
final class ServiceHealth: Sendable {
  /// What the newest probe found.
  struct Finding: Sendable {
    let isAnswered: Bool
    /// Whether the model was not loaded, so that no token was asked for: its file was looked at.
    var isOnStandby = false
    let at: ContinuousClock.Instant
    let wallMilliseconds: Int64
  }

  /// How a model is.
  enum Condition: String, Sendable {
    case online, failing
    /// It is loaded when it is asked for, and nothing speaks against that.
    case standby
    /// No probe has ended yet, or none is made.
    case unknown
  }

  /// A finding that is older says nothing any more.
  private static let patience = Duration.seconds(10)

  private struct State {
    var findings: [Int: Finding] = [:]
    var availability: [Int: (day: Availability, month: Availability)] = [:]
  }

  private let state = Mutex(State())

  func note(_ finding: Finding, of model: Int) {
    state.withLock { $0.findings[model] = finding }
  }

  func note(day: Availability, month: Availability, of model: Int) {
    state.withLock { $0.availability[model] = (day, month) }
  }

  /// How a model is just now.
  func condition(of model: Int, at now: ContinuousClock.Instant = .now) -> Condition {
    guard let finding = finding(of: model) else { return .unknown }
    guard finding.isAnswered, now - finding.at <= Self.patience else { return .failing }
    return finding.isOnStandby ? .standby : .online
  }

  /// What the newest probe of a model found.
  func finding(of model: Int) -> Finding? { state.withLock { $0.findings[model] } }

  /// How long a model was there, in the last day and in this month.
  func availability(of model: Int) -> (day: Availability, month: Availability)? {
    state.withLock { $0.availability[model] }
  }
}
