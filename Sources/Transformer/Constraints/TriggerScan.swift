// Looking for the text after which a constraint begins.

/// Reads a token's bytes while the constraint waits for one of its triggers.
struct TriggerScan {
  /// How many bytes of each trigger stand at the end.
  private(set) var waiting: [Int]
  /// What follows the first trigger that was found; nil where none was.
  private(set) var rest: ArraySlice<UInt8>?

  init(_ triggers: [[UInt8]], _ waiting: [Int], _ bytes: ArraySlice<UInt8>) {
    self.waiting = waiting
    for place in bytes.indices {
      for (index, trigger) in triggers.enumerated() {
        self.waiting[index] = Self.step(trigger, self.waiting[index], bytes[place])
        if self.waiting[index] == trigger.count {
          rest = bytes[(place + 1)...]
          return
        }
      }
    }
  }

  /// The longest beginning of `trigger` that ends with `byte`, where `count` bytes of it stood before.
  private static func step(_ trigger: [UInt8], _ count: Int, _ byte: UInt8) -> Int {
    if trigger[count] == byte { return count + 1 }
    for length in stride(from: count, to: 0, by: -1) where trigger[length - 1] == byte {
      if trigger[..<(length - 1)].elementsEqual(trigger[(count - length + 1)..<count]) {
        return length
      }
    }
    return 0
  }
}
