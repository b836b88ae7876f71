// What choices made so far mean for the next one.

import Synchronization

/// The state of a sampler that looks back at its own choices, kept for one sequence. It follows from
/// the tokens that were chosen: asked again for the same place it answers from the same state.
final class SamplerMemory: Sendable {
  enum State {
    case mirostat(Mirostat)
    case adaptive(AdaptiveP)
  }

  private let states: Mutex<(position: Int, before: State, after: State)>

  /// The memory that `options` need; nil if they look at nothing that was chosen.
  init?(_ options: SamplingOptions) {
    let state: State
    if let version = options.mirostat {
      state = .mirostat(
        Mirostat(version, tau: options.mirostatTau, eta: options.mirostatEta))
    } else if options.adaptiveTarget >= 0 {
      state = .adaptive(
        AdaptiveP(target: options.adaptiveTarget, decay: options.adaptiveDecay))
    } else {
      return nil
    }
    states = Mutex((position: -1, before: state, after: state))
  }

  /// Calls `choose` with the state at `position`, which it may change.
  func choose<Choice>(at position: Int, _ choose: (inout State) -> Choice) -> Choice {
    states.withLock { states in
      if position != states.position { states.before = states.after }
      states.position = position
      var state = states.before
      let choice = choose(&state)
      states.after = state
      return choice
    }
  }
}
