// The machine as far as the engine cares: its name and how many threads may compute.

import FoundationEssentials

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Facts about the processor and about what this process may use of it.
public enum Processor {
  /// The processor's name as the system tells it, or its architecture.
  public static var name: String {
    field("model name", in: contents("/proc/cpuinfo") ?? "") ?? architecture
  }

  /// Processors that the system has switched on.
  public static var coreCount: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

  /// How many threads may compute, and what decided that.
  public static let usableThreads: (count: Int, reason: String) = {
    var count = coreCount
    var reason = "\(count) processors are online"
    #if os(Linux)
      if let allowed = allowedCount(), allowed < count {
        count = allowed
        reason = "the affinity mask allows \(allowed) of \(coreCount) processors"
      }
      if let quota = quota(), quota < count {
        count = quota
        reason = "the control group's quota is \(quota) of \(coreCount) processors"
      }
    #endif
    return (count, reason)
  }()

  /// Bytes of memory in the machine, nil where the system does not tell.
  public static var memoryBytes: Int? {
    let pages = sysconf(Int32(_SC_PHYS_PAGES))
    let page = sysconf(Int32(_SC_PAGESIZE))
    return pages > 0 && page > 0 ? Int(pages) * Int(page) : nil
  }

  private static var architecture: String {
    #if arch(x86_64)
      "x86-64"
    #elseif arch(arm64)
      "arm64"
    #else
      "unknown"
    #endif
  }

  /// Processors of this process's affinity mask, from a list such as `0-3,8`.
  private static func allowedCount() -> Int? {
    guard let list = contents("/proc/self/status").flatMap({ field("Cpus_allowed_list", in: $0) })
    else { return nil }
    var count = 0
    for part in list.split(separator: ",") {
      let bounds = part.split(separator: "-").compactMap { Int($0.filter(\.isNumber)) }
      guard let first = bounds.first, let last = bounds.last, first <= last else { return nil }
      count += last - first + 1
    }
    return count > 0 ? count : nil
  }

  /// Whole processors of the control group's quota (version 2, then version 1), at least 1.
  private static func quota() -> Int? {
    if let line = contents("/sys/fs/cgroup/cpu.max") {
      let parts = line.split(whereSeparator: { $0 == " " || $0 == "\n" })
      if parts.count == 2, let limit = Int(parts[0]), let period = Int(parts[1]), period > 0 {
        return max(1, limit / period)
      }
      return nil
    }
    let folder = "/sys/fs/cgroup/cpu/"
    guard let limit = contents(folder + "cpu.cfs_quota_us").flatMap(number), limit > 0,
      let period = contents(folder + "cpu.cfs_period_us").flatMap(number), period > 0
    else { return nil }
    return max(1, limit / period)
  }

  private static func number(_ text: String) -> Int? {
    Int(text.prefix { $0.isNumber || $0 == "-" })
  }

  private static func contents(_ path: String) -> String? {
    guard let data = FileManager.default.contents(atPath: path) else { return nil }
    return String(decoding: data, as: UTF8.self)
  }

  private static func field(_ name: String, in text: String) -> String? {
    for line in text.split(separator: "\n") where line.hasPrefix(name) {
      guard let colon = line.firstIndex(of: ":") else { continue }
      return String(line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" })
    }
    return nil
  }
}
