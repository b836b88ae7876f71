// Memory that what people say is written to is kept out of core files, and out of swap where asked.

import Foundation
import TensorCore
import Testing

#if os(Linux)
  @Suite struct AlignedBufferTests {
    /// The flags that the system has for the mapping at an address, such as `dd` for "not dumped".
    private func flags(at place: UnsafeRawPointer) throws -> [Substring] {
      let file = try #require(FileHandle(forReadingAtPath: "/proc/self/smaps"))
      let text = String(decoding: try #require(try file.readToEnd()), as: UTF8.self)
      let address = UInt(bitPattern: place)
      var isHere = false
      for line in text.split(separator: "\n") {
        let bounds = line.prefix { $0 != " " }.split(separator: "-").map { UInt($0, radix: 16) }
        if bounds.count == 2, let start = bounds[0], let end = bounds[1] {
          isHere = (start..<end).contains(address)
        } else if isHere, line.hasPrefix("VmFlags:") {
          return line.split(separator: " ")
        }
      }
      return []
    }

    /// How many of a buffer's own pages are in memory; `smaps` joins mappings that touch.
    private func residentPageCount(_ buffer: AlignedBuffer) throws -> Int {
      let pageBytes = Int(getpagesize())
      var states = [UInt8](repeating: 0, count: (buffer.byteCount + pageBytes - 1) / pageBytes)
      let result = mincore(buffer.base, buffer.byteCount, &states)
      try #require(result == 0)
      return states.filter { $0 & 1 != 0 }.count
    }

    @Test(
      arguments: [
        (AlignedBuffer.Privacy.open, [], ["dd", "lo"]), (.undumped, ["dd"], ["lo"]),
        (.locked, ["dd", "lo"], []),
      ] as [(AlignedBuffer.Privacy, [Substring], [Substring])])
    func memoryIsAsPrivateAsItIsAskedToBe(
      privacy: AlignedBuffer.Privacy, there: [Substring], missing: [Substring]
    ) throws {
      let buffer = try AlignedBuffer(byteCount: 16 << 10, privacy: privacy)
      let found = try flags(at: buffer.base)
      try #require(!found.isEmpty, "the system tells nothing of its mappings")
      for flag in there { #expect(found.contains(flag), "\(found)") }
      for flag in missing { #expect(!found.contains(flag), "\(found)") }
      // It is memory like any other.
      buffer.floats[100] = 7
      #expect(buffer.floats[100] == 7)
    }

    @Test func floatsOfWhatPeopleSayAreInNoCoreFile() throws {
      var growing = GrowingFloats()
      for _ in 0..<5 { try growing.append(Array(repeating: Float(1), count: 1_000)) }
      let floats = try growing.values()
      let place = try #require(floats[0..<floats.count].baseAddress)
      #expect(try flags(at: place).contains("dd"))
    }

    @Test(arguments: [AlignedBuffer.Privacy.undumped, .locked])
    func wipingGivesMemoryBack(privacy: AlignedBuffer.Privacy) throws {
      let buffer = try AlignedBuffer(byteCount: 1 << 20, privacy: privacy)
      memset(buffer.base, 7, buffer.byteCount)
      let pageCount = buffer.byteCount / Int(getpagesize())
      #expect(try residentPageCount(buffer) == pageCount)
      buffer.wipe(usedBytes: buffer.byteCount)
      // MADV_DONTNEED_LOCKED, which Linux knows since 5.18; before, locked pages stay.
      let isGivenBack = privacy != .locked || madvise(buffer.base, 0, 24) == 0
      #expect(try residentPageCount(buffer) == (isGivenBack ? 0 : pageCount))
      #expect(try flags(at: buffer.base).contains("lo") == (privacy == .locked))
      #expect(buffer.floats[1_000] == 0)
    }

    @Test func buffersThatWillBeFilledAreZeroAndApart() throws {
      let counts = [3 << 20, 700, 5 << 20, 4_096, 300 << 20]
      var buffers = try counts.map { try AlignedBuffer(byteCount: $0, filled: true) }
      let ranges = buffers.map {
        UInt(bitPattern: $0.base)..<UInt(bitPattern: $0.base) + UInt($0.byteCount)
      }
      for (index, range) in ranges.enumerated() {
        #expect(range.lowerBound % 4_096 == 0)
        for other in ranges.dropFirst(index + 1) { #expect(!range.overlaps(other)) }
      }
      for (number, buffer) in buffers.enumerated() {
        let last = buffer.byteCount / 4 - 1
        #expect(buffer.floats[0] == 0 && buffer.floats[last] == 0)
        buffer.floats[0] = Float(number + 1)
        buffer.floats[last] = Float(number + 1)
      }
      // What one gives back is not its neighbours'.
      buffers.remove(at: 1)
      for (buffer, value) in zip(buffers, [1, 3, 4, 5] as [Float]) {
        #expect(buffer.floats[0] == value && buffer.floats[buffer.byteCount / 4 - 1] == value)
      }
    }

    @Test func wipingFindsNoMemoryForPagesThatWereNeverWritten() async {
      await #expect(processExitsWith: .success) {
        guard let buffer = try? AlignedBuffer(byteCount: 1 << 30, privacy: .undumped) else {
          exit(1)
        }
        let written = [0, 5_000, 100 << 20, (1 << 30) - 1]
        for place in written { buffer.base.storeBytes(of: 7, toByteOffset: place, as: UInt8.self) }
        var before = rusage()
        var after = rusage()
        getrusage(RUSAGE_SELF.rawValue, &before)
        buffer.wipe(usedBytes: buffer.byteCount)
        getrusage(RUSAGE_SELF.rawValue, &after)
        let isZero = written.allSatisfy {
          buffer.base.load(fromByteOffset: $0, as: UInt8.self) == 0
        }
        // A fault for each page would be 262,144.
        exit(isZero && after.ru_minflt - before.ru_minflt < 10_000 ? 0 : 2)
      }
    }

    @Test func moreThanMayBeLockedIsRefusedInWords() async {
      await #expect(processExitsWith: .success) {
        // Swift's view of the C library leaves the limit's number out.
        let memoryLock: UInt32 = 8
        var limit = rlimit(rlim_cur: 0, rlim_max: 0)
        setrlimit(__rlimit_resource_t(memoryLock), &limit)
        // Whoever may lock without a limit is not refused.
        setuid(65_534)
        do throws(AllocationError) {
          _ = try AlignedBuffer(byteCount: 1 << 20, privacy: .locked)
          exit(1)
        } catch {
          exit(error.description.contains("cannot lock") ? 0 : 2)
        }
      }
    }
  }
#endif
