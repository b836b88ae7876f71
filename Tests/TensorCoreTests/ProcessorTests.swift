// What the machine allows: affinity lists, control group quotas, instruction sets.

import Foundation
import KernelInterface
import TensorCore
import Testing

@Suite struct ProcessorTests {
  @Test(
    "A list of processors is counted",
    arguments: [
      ("0", 1), ("0-3", 4), ("0-3,8", 5), ("2,4-5,1023", 4), ("7-7", 1),
      ("", nil), (",", nil), ("3-1", nil), ("a", nil), ("1-2-3", nil), ("-1", nil), ("0-", nil),
      ("0-99999999999999999999", nil), ("1,", nil),
    ] as [(String, Int?)])
  func lists(list: String, count: Int?) {
    #expect(Processor.count(inList: list) == count)
  }

  @Test(
    "A quota gives whole processors, one at least",
    arguments: [
      ("max 100000\n", nil), ("200000 100000\n", 2), ("250000 100000", 2), ("50000 100000\n", 1),
      ("-1\n 100000\n", nil), ("100000\n 100000\n", 1), ("", nil), ("5", nil), ("5 0", nil),
      ("x y", nil), ("1 2 3", nil), ("9223372036854775807 1", .max),
    ] as [(String, Int?)])
  func quotas(text: String, count: Int?) {
    #expect(Processor.count(inQuota: text) == count)
  }

  @Test(
    "The least quota of the process's groups and of those around them counts",
    arguments: [
      ("0::/\n", ["cpu.max": "300000 100000\n"], 3),
      ("0::/\n", [:], nil),
      ("0::/a.slice/b.service\n", ["a.slice/b.service/cpu.max": "200000 100000\n"], 2),
      (
        "0::/a/b\n",
        ["a/b/cpu.max": "max 100000\n", "a/cpu.max": "400000 100000\n", "cpu.max": "5 1\n"], 4
      ),
      ("0::/../../x\n", ["cpu.max": "200000 100000\n", "../../x/cpu.max": "1 1\n"], 2),
      (
        "5:cpu,cpuacct:/job\n4:memory:/job\n0::/\n",
        ["cpu/job/cpu.cfs_quota_us": "150000\n", "cpu/job/cpu.cfs_period_us": "50000\n"], 3
      ),
      ("5:cpu:/\n", ["cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "50000\n"], nil),
      ("nonsense\n::\n", ["cpu.max": "100000 100000"], nil),
    ] as [(String, [String: String], Int?)])
  func groups(text: String, files: [String: String], count: Int?) {
    let root = "/sys/fs/cgroup/"
    let found = Processor.quota(ofGroups: text) { path in
      path.hasPrefix(root) ? files[String(path.dropFirst(root.count))] : nil
    }
    #expect(found == count)
  }

  @Test("This machine has a name, processors and memory")
  func thisMachine() {
    #expect(!Processor.name.isEmpty && !Processor.name.contains { $0.isNewline })
    #expect(Processor.coreCount >= 1)
    #expect((1...Processor.coreCount).contains(Processor.usableThreads.count))
    #expect(!Processor.usableThreads.reason.isEmpty)
    #expect(Processor.memoryBytes.map { $0 > 1 << 20 } ?? true)
  }

  @Test("A set comes with those below it, and each has its own functions")
  func instructionSets() {
    #expect(InstructionSet.portable.isAvailable)
    #expect(InstructionSet.detected.isAvailable && InstructionSet.current.isAvailable)
    #expect(availableSets == Array(InstructionSet.allCases.prefix(availableSets.count)))
    #expect(availableSets.last == InstructionSet.detected)
    #expect(availableSets.map(\.kernels.name) == availableSets.map(\.rawValue))
  }

  #if os(Linux) && arch(x86_64)
    /// The system lists a feature where the processor has it and its registers are saved.
    @Test("The set found is the one that the system's list of features allows")
    func featuresOfTheSystem() throws {
      let information = try String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)
      let line = try #require(information.split(separator: "\n").first { $0.hasPrefix("flags") })
      let features = Set(line.split(separator: " "))
      let narrow: Set<Substring> = ["avx2", "fma", "f16c", "bmi1", "bmi2"]
      let wide: Set<Substring> = ["avx512f", "avx512dq", "avx512bw", "avx512vl", "avx512_vnni"]
      let expected: InstructionSet =
        !features.isSuperset(of: narrow)
        ? .portable : features.isSuperset(of: wide) ? .avx512 : .avx2
      #expect(InstructionSet.detected == expected)
    }
  #endif
}
