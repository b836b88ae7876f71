// What an engine has found out about a constraint, kept with it for the next answer.

import Synchronization

/// A place for one object of whoever uses the constraint.
package final class ConstraintAttachment: Sendable {
  private let object = Mutex<(any AnyObject & Sendable)?>(nil)

  /// The object that is kept if `isUsable`, else a new one, which is kept from now on.
  package func object<Kept: AnyObject & Sendable>(
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
