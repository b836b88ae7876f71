// What an engine has found out about a constraint, kept with it for the next answer.

import Synchronization

/// What can be kept with a constraint.
package protocol ConstraintCompanion: AnyObject, Sendable {
  /// Bytes of memory, about; quickly told.
  var byteCount: Int { get }
}

/// A place for one object of whoever uses the constraint.
package final class ConstraintAttachment: Sendable {
  private let object = Mutex<(any ConstraintCompanion)?>(nil)

  /// Bytes of what is kept.
  var byteCount: Int { object.withLock { $0 }?.byteCount ?? 0 }

  /// The object that is kept if `isUsable`, else a new one, which is kept from now on.
  package func object<Kept: ConstraintCompanion>(
    where isUsable: (Kept) -> Bool, orMake make: () -> Kept
  ) -> Kept {
    object.withLock { kept in
      if let known = kept as? Kept, isUsable(known) { return known }
      let made = make()
      kept = made
      return made
    }
  }
}
