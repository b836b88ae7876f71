// Where leases find their meter: one table for the process, from small numbers to meters.

import Synchronization

/// All open meters of the process.
enum MeterRegistry {
  private struct Table {
    var last: UInt32 = 0
    var cores: [UInt32: MeterCore] = [:]
  }

  private static let table = Mutex(Table())

  /// Puts a meter in, and gives the number that its leases carry.
  static func add(_ core: MeterCore) -> UInt32 {
    table.withLock { table in
      table.last += 1
      table.cores[table.last] = core
      return table.last
    }
  }

  /// The meter of a number; nil only after it was closed with none of its leases left.
  static func core(_ number: UInt32) -> MeterCore? {
    table.withLock { $0.cores[number] }
  }

  /// Takes a meter out.
  static func remove(_ number: UInt32) {
    _ = table.withLock { $0.cores.removeValue(forKey: number) }
  }
}
