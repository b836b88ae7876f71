// What can go wrong between the module and the disk.

import GRDB

/// A fault of the store, with what to do about it.
package struct UsageStoreError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What to switch on.
  package enum Code: Sendable {
    case cannotOpen, alreadyServing, newerSchema, unusablePepper, diskFull, inputOutput, busy
    case corrupt, constraint, notFound, wrongState, invalidName, invalidLimit
  }

  package let code: Code
  package let message: String

  /// A fault with a one-line text that says what to do.
  package init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  /// The fault behind an error of the database; of its text only SQLite's own words are taken,
  /// never a statement's arguments.
  init(_ error: any Error, doing action: String) {
    if let own = error as? UsageStoreError {
      self = own
      return
    }
    guard let error = error as? DatabaseError else {
      self.init(.inputOutput, "cannot \(action): the database connection is closed")
      return
    }
    let words = error.resultCode.description
    switch error.resultCode {
    case .SQLITE_FULL:
      self.init(.diskFull, "cannot \(action): the disk is full (\(words)); free some space")
    case .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH:
      self.init(.cannotOpen, "cannot \(action): check the folder's rights (\(words))")
    case .SQLITE_BUSY, .SQLITE_LOCKED:
      self.init(.busy, "cannot \(action): another process holds the database (\(words))")
    case .SQLITE_CORRUPT, .SQLITE_NOTADB:
      self.init(
        .corrupt, "cannot \(action): the file is damaged (\(words)); restore it from a backup")
    case .SQLITE_CONSTRAINT:
      self.init(.constraint, "cannot \(action): a rule of the table forbids it (\(words))")
    default:
      self.init(.inputOutput, "cannot \(action): \(words)")
    }
  }

  package var description: String { message }
}
