// Measures what this machine can do at most: a plain read of memory and a loop of nothing but
// dot-product instructions, each by one thread and by several. Prints one JSON object.
//
//   limits [THREADS]            THREADS defaults to the number of active processors
//   limits THREADS --now        only so many threads, with 2 MiB pages: a fraction of a second

import Foundation
import Synchronization

@main
enum Limits {
  static let rounds = 7
  /// 512 MiB: an order of magnitude more than the largest cache of a small server.
  static let bufferBytes = 512 << 20

  static func main() {
    let (threads, isBrief) = arguments()
    let instructions = InstructionSet.best()
    let counts = isBrief ? [threads] : Set([1, threads]).sorted()
    let large = reads(of: counts, hugePages: true, by: instructions)
    let small = isBrief ? [] : reads(of: counts, hugePages: false, by: instructions)
    let products = instructions.dotProducts.map { loop in
      counts.map { object(threads: $0, rates: productRates(of: loop, threads: $0)) }
    }
    print(
      """
      {"instructions": "\(instructions.name)",
       "memory_read_bytes_per_second": [\(large.joined(separator: ", "))],
       "memory_read_4k_pages_bytes_per_second": [\(small.joined(separator: ", "))],
       "dot_product_operations_per_second": [\((products ?? []).joined(separator: ", "))]}
      """)
  }

  /// The number of threads asked for, and whether in brief; ends the program where they make no sense.
  static func arguments() -> (threads: Int, isBrief: Bool) {
    var arguments = Array(CommandLine.arguments.dropFirst())
    if arguments.isEmpty { return (ProcessInfo.processInfo.activeProcessorCount, false) }
    let isBrief = arguments.count == 2 && arguments[1] == "--now"
    if isBrief { arguments.removeLast() }
    guard arguments.count == 1, let number = Int(arguments[0]), (1...1024).contains(number) else {
      FileHandle.standardError.write(
        Data("limits: takes one number of threads, from 1 to 1024: limits 2 [--now]\n".utf8))
      exit(64)
    }
    return (number, isBrief)
  }

  /// What so many threads read of memory, an object for each count.
  static func reads(of counts: [Int], hugePages: Bool, by instructions: InstructionSet) -> [String]
  {
    let buffer = ReadBuffer(byteCount: bufferBytes, hugePages: hugePages)
    return counts.map { count in
      let rates = (0..<rounds).map { _ in
        rate(threads: count) { buffer.read(share: $0, of: count, by: instructions.read) }
      }
      return object(threads: count, rates: rates)
    }
  }

  /// Operations per second of each round.
  static func productRates(
    of loop: @escaping @Sendable (Int) -> (operations: Int, sum: Int32), threads: Int
  ) -> [Double] {
    // Looked at below, so that no run of the loop is without use.
    let sums = Atomic<Int64>(0)
    let rates = (0..<rounds).map { _ in
      rate(threads: threads) { _ in
        let (operations, sum) = loop(10_000_000)
        sums.wrappingAdd(Int64(sum), ordering: .relaxed)
        return operations
      }
    }
    precondition(sums.load(ordering: .relaxed) != .min, "the loop was not run")
    return rates
  }

  /// Runs `work` on as many threads at once and divides what they did in all by the time from the
  /// first start to the last end. Starting a thread takes tens of microseconds, a round tens of
  /// milliseconds.
  static func rate(threads: Int, work: @Sendable (Int) -> Int) -> Double {
    let done = Atomic<Int>(0)
    let elapsed = ContinuousClock().measure {
      DispatchQueue.concurrentPerform(iterations: threads) { index in
        done.wrappingAdd(work(index), ordering: .relaxed)
      }
    }
    return Double(done.load(ordering: .relaxed)) / (elapsed / .seconds(1))
  }

  private static func object(threads: Int, rates: [Double]) -> String {
    let sorted = rates.sorted()
    let figures = [("median", sorted[sorted.count / 2]), ("min", sorted[0]), ("max", sorted.last!)]
    let text = figures.map { "\"\($0)\": \(Int($1))" }.joined(separator: ", ")
    return "{\"threads\": \(threads), \(text)}"
  }
}
