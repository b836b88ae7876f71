// What this process takes of memory.

import FoundationEssentials

/// Figures of the running process.
public enum ProcessMemory {
  /// Bytes of memory that are resident; 0 where the system has no `/proc`.
  public static var residentBytes: Int {
    guard let data = FileManager.default.contents(atPath: "/proc/self/statm") else { return 0 }
    let fields = String(decoding: data, as: UTF8.self).split(separator: " ")
    return fields.count > 1 ? (Int(fields[1]) ?? 0) * 4_096 : 0
  }

  /// The most bytes that were ever resident; 0 where the system has no `/proc`.
  public static var peakBytes: Int {
    guard let data = FileManager.default.contents(atPath: "/proc/self/status") else { return 0 }
    let lines = String(decoding: data, as: UTF8.self).split(separator: "\n")
    let line = lines.first { $0.hasPrefix("VmHWM:") }
    return line?.split { $0 == " " || $0 == "\t" }.dropFirst().first.flatMap { Int($0) }.map {
      $0 * 1024
    } ?? 0
  }
}
