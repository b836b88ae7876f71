// What an answer's last event tells beside its counts.

extension EngineSequence {
  /// How an answer ends.
  struct Ending {
    let reason: FinishReason
    let text: String
    let cause: StopCause?

    init(_ reason: FinishReason, _ text: String = "", _ cause: StopCause? = nil) {
      self.reason = reason
      self.text = text
      self.cause = cause
    }
  }
}
