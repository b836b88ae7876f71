// A lock between processes, on a file of its own.
//
// SQLite's write-ahead log has had faults that need two connections which write or checkpoint at
// the same moment. Whoever writes to the database that several processes share holds this lock, so
// that there is one writer at any time whatever the library's version.

import Foundation

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// An exclusive lock that ends with its holder, also when that one is killed.
final class FolderLock: Sendable {
  private let file: Int32
  /// The system's lock is the file's and not a thread's: to another thread it looks taken for it too, and
  /// ends with the first of them. So threads take turns here.
  private let turn = NSLock()

  /// Opens the lock's file, which stays empty.
  init(path: String) throws(UsageStoreError) {
    file = DataFolder.openPrivate(path, O_RDWR | O_CREAT)
    guard file >= 0 else {
      throw UsageStoreError(.cannotOpen, "cannot open '\(path)': check the folder's rights")
    }
  }

  deinit { close(file) }

  /// Takes the lock for as long as this object lives; false where somebody else has it.
  func takeAtOnce() -> Bool {
    flock(file, LOCK_EX | LOCK_NB) == 0
  }

  /// Gives back what `takeAtOnce` took.
  func giveBack() { flock(file, LOCK_UN) }

  /// Runs `body` with the lock held, waiting for it first.
  func whileHeld<Result>(_ body: () throws -> Result) rethrows -> Result {
    turn.lock()
    defer { turn.unlock() }
    while flock(file, LOCK_EX) != 0 && errno == EINTR {}
    defer { flock(file, LOCK_UN) }
    return try body()
  }
}
