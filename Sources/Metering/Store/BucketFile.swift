// What buckets owed a moment ago, in a file that is written anew each second while something
// changes. It is not forced to the disk: it is there for the next process, not for the next power cut.

import FoundationEssentials

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The file `buckets` of the data folder: a line with the wall time, then one for each debt.
struct BucketFile {
  /// Nobody reads more than this: what is larger is not ours.
  private static let mostBytes = 64 << 20

  let path: String

  init(folder: String) { path = folder + "/buckets" }

  /// Puts these debts in place of those before. What cannot be written is tried again in a second.
  func write(_ debts: [BucketDebt], wallMilliseconds: Int64) {
    var text = "\(wallMilliseconds)\n"
    for debt in debts {
      guard let (kind, id, model) = LimitRow.numbers(of: debt.scope) else { continue }
      text += "\(kind) \(id) \(model) \(debt.meter.rawValue) \(debt.interval) \(debt.owed)\n"
    }
    let draft = path + ".new"
    let file = DataFolder.openPrivate(draft, O_WRONLY | O_CREAT | O_TRUNC)
    guard file >= 0 else { return }
    let bytes = Array(text.utf8)
    var done = 0
    while done < bytes.count {
      let count = bytes[done...].withContiguousStorageIfAvailable {
        #if canImport(Glibc)
          Glibc.write(file, $0.baseAddress, $0.count)
        #else
          Darwin.write(file, $0.baseAddress, $0.count)
        #endif
      }
      guard let count, count > 0 else { break }
      done += count
    }
    close(file)
    if done == bytes.count { rename(draft, path) } else { unlink(draft) }
  }

  /// The debts as they were left, and when; none where the file is missing or is not ours.
  func read() -> (debts: [BucketDebt], wallMilliseconds: Int64) {
    let none: ([BucketDebt], Int64) = ([], 0)
    guard let data = FileManager.default.contents(atPath: path), data.count <= Self.mostBytes
    else { return none }
    let lines = data.split(separator: UInt8(ascii: "\n")).map {
      String(decoding: $0, as: UTF8.self)
    }
    guard let wall = lines.first.flatMap({ Int64($0) }) else { return none }
    let debts = lines.dropFirst().compactMap { line -> BucketDebt? in
      let numbers = line.split(separator: " ").compactMap { Int64($0) }
      guard numbers.count == 6,
        let scope = LimitRow.scope(kind: numbers[0], id: numbers[1], model: numbers[2]),
        let meter = UInt8(exactly: numbers[3]).flatMap(LimitMeter.init(rawValue:)),
        numbers[4] > 0, numbers[5] > 0
      else { return nil }
      return BucketDebt(scope: scope, meter: meter, interval: numbers[4], owed: numbers[5])
    }
    return (debts, wall)
  }
}
