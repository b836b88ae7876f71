// A disk that refuses when it is told to: SQLite's own way to files with two functions of the log
// replaced, which also count.

import GRDBSQLite
import Synchronization

/// Errors of the disk under every write-ahead log of this process.
enum FaultyDisk {
  /// What the log answers: 0 for nothing wrong.
  enum Fault: Int, CaseIterable {
    case none, write, sync, both
    /// Openings of requests cannot be written, or not be forced to the disk.
    case opening, forcing
  }

  private static let syncs = Atomic(0)
  /// How often a log was forced to the disk.
  static var syncCount: Int { syncs.load(ordering: .sequentiallyConsistent) }

  private static let fault = Atomic(Fault.none.rawValue)
  /// Written once, before the first log is used.
  nonisolated(unsafe) private static var base: UnsafeMutablePointer<sqlite3_vfs>?
  nonisolated(unsafe) private static var methods: UnsafeMutablePointer<sqlite3_io_methods>?
  nonisolated(unsafe) private static var original = sqlite3_io_methods()
  private static let lock = Mutex(())

  /// Makes every file that is opened from now on one of this disk.
  static func install() {
    guard let found = sqlite3_vfs_find(nil) else { return check(false, "SQLite has no files") }
    base = found
    let disk = UnsafeMutablePointer<sqlite3_vfs>.allocate(capacity: 1)
    disk.initialize(to: found.pointee)
    disk.pointee.pNext = nil
    let name = Array("faulty".utf8CString)
    let stored = UnsafeMutablePointer<CChar>.allocate(capacity: name.count)
    stored.initialize(from: name, count: name.count)
    disk.pointee.zName = UnsafePointer(stored)
    disk.pointee.xOpen = { _, name, file, flags, opened in
      let result = FaultyDisk.base?.pointee.xOpen(FaultyDisk.base, name, file, flags, opened)
      if result == SQLITE_OK, flags & SQLITE_OPEN_WAL != 0 { FaultyDisk.adopt(file) }
      return result ?? SQLITE_CANTOPEN
    }
    check(sqlite3_vfs_register(disk, 1) == SQLITE_OK, "the faulty disk cannot be used")
  }

  /// From now on the disk has this fault.
  static func set(_ next: Fault) { fault.store(next.rawValue, ordering: .sequentiallyConsistent) }

  static var current: Fault {
    Fault(rawValue: fault.load(ordering: .sequentiallyConsistent)) ?? .none
  }

  private static func adopt(_ file: UnsafeMutablePointer<sqlite3_file>?) {
    guard let file, let own = file.pointee.pMethods else { return }
    lock.withLock { _ in
      if methods == nil {
        original = own.pointee
        let table = UnsafeMutablePointer<sqlite3_io_methods>.allocate(capacity: 1)
        table.initialize(to: own.pointee)
        table.pointee.xWrite = { file, bytes, count, offset in
          switch FaultyDisk.current {
          case .write, .both: FaultyDisk.writeError
          default: FaultyDisk.original.xWrite(file, bytes, count, offset)
          }
        }
        table.pointee.xSync = { file, flags in
          FaultyDisk.syncs.add(1, ordering: .sequentiallyConsistent)
          switch FaultyDisk.current {
          case .sync, .both: return FaultyDisk.syncError
          default: return FaultyDisk.original.xSync(file, flags)
          }
        }
        methods = table
      }
      file.pointee.pMethods = UnsafePointer(methods)
    }
  }

  /// SQLite spells them as sums, which Swift does not see.
  private static let writeError = SQLITE_IOERR | (3 << 8)
  private static let syncError = SQLITE_IOERR | (4 << 8)
}
