// Requests that are open, in a file of slots beside the months' files: what a crash leaves of them is
// in it, and nothing else.
//
// Writing a row of SQLite takes eight system calls and its own lock, and has to be forced to the disk
// before the first token leaves. Here it is one call, into a place that the file has already, so that
// forcing it costs the file system no entry in its journal: 0.09 ms where appending takes 0.14 ms, and
// 5 ms once in a hundred times (ext4, `fdatasync` after 128 bytes). One call of `force` makes all openings
// durable that were written before it.
//
// A slot is wiped once the row of its request's end is durable, and used again. A crash between the two
// leaves both, and the row counts. So the file is as large as there were ever requests at once, and holds
// nothing of a request that is over.

import Synchronization

/// Where the opening of a request stands. After the request's end it stands for nothing.
package struct Opening: Hashable, Sendable {
  package let slot: Int
  package let requestID: RequestID

  /// The opening of a request in a slot of whoever keeps it.
  package init(slot: Int, requestID: RequestID) {
    self.slot = slot
    self.requestID = requestID
  }
}

/// The file `openings` of the data folder.
package final class OpeningFile: Sendable {
  private struct State {
    /// The words of the file as they are to be: a header of one slot's size, then the slots.
    var image: [UInt64]
    var free: [Int] = []
    /// Whether the file may hold something else than the image.
    var isBehind = false
    var isClosed = false
  }

  private static let slot = OpeningRecord.wordCount
  /// The file grows by so many slots, 32 KiB.
  private static let growth = 256
  /// As many requests as may wait for their end to be written.
  private static let slotLimit = 65_536
  /// `apusopen`
  private static let mark: UInt64 = 0x6E65_706F_7375_7061
  private static let version: UInt64 = 1

  private let disk: any OpeningDisk
  private let keepsRole: Bool
  private let state: Mutex<State>

  /// Takes the file as it is; ``begin()`` has to follow ``left()``.
  ///
  /// - Parameter keepsRole: whether the metadata profile names the role of a key.
  package init(disk: any OpeningDisk, keepsRole: Bool) {
    self.disk = disk
    self.keepsRole = keepsRole
    state = Mutex(State(image: []))
  }

  /// Opens the file of a data folder, or makes it.
  convenience init(folder: String, keepsRole: Bool) throws(UsageStoreError) {
    self.init(
      disk: try SystemOpeningDisk(path: Self.path(folder: folder), folder: folder),
      keepsRole: keepsRole)
  }

  /// Where a data folder's file stands.
  static func path(folder: String) -> String { folder + "/openings" }

  /// What a crash left open, as far as it is whole. Requests among it may have ended: their rows in the
  /// months' files say so.
  ///
  /// - Throws: ``UsageStoreError``, also where a newer version wrote the file.
  package func left() throws(UsageStoreError) -> [OpeningRecord] {
    let words = try disk.read(limit: (Self.slotLimit + 1) * Self.slot)
    if words.count > 1, UInt64(littleEndian: words[0]) == Self.mark {
      let found = UInt64(littleEndian: words[1])
      guard found <= Self.version else {
        throw UsageStoreError(
          .newerSchema,
          "the file 'openings' was written by a newer version (format \(found), known "
            + "\(Self.version)): update this program")
      }
    }
    return stride(from: Self.slot, through: words.count - Self.slot, by: Self.slot).compactMap {
      OpeningRecord(words[$0..<$0 + Self.slot])
    }
  }

  /// Empties the file, and takes openings from now on.
  package func begin() throws(UsageStoreError) {
    try disk.erase()
    try state.withLock { state throws(UsageStoreError) in
      state.image = [Self.mark.littleEndian, Self.version.littleEndian]
      state.image += Array(repeating: 0, count: Self.slot - state.image.count)
      state.free = []
      grow(&state)
      state.isBehind = true
    }
    try force()
  }

  /// Writes that a request begins. When this returns that outlives the process.
  package func open(_ row: OpenRow) throws(UsageStoreError) -> Opening {
    try state.withLock { state throws(UsageStoreError) in
      guard !state.isClosed else {
        throw UsageStoreError(.wrongState, "the file 'openings' is closed")
      }
      if state.free.isEmpty {
        let start = state.image.count
        guard start < Self.slotLimit * Self.slot else {
          throw UsageStoreError(.busy, "more than \(Self.slotLimit) requests are open")
        }
        grow(&state)
        do throws(UsageStoreError) {
          try disk.write(state.image, start..<state.image.count)
        } catch {
          state.image.removeSubrange(start...)
          state.free = []
          throw error
        }
      }
      let slot = state.free.removeLast()
      let place = Self.place(slot)
      OpeningRecord.write(row, keepsRole: keepsRole, to: &state.image, at: place.lowerBound)
      do throws(UsageStoreError) {
        try disk.write(state.image, place)
      } catch {
        state.image.replaceSubrange(place, with: repeatElement(0, count: Self.slot))
        state.free.append(slot)
        state.isBehind = true
        throw error
      }
      return Opening(slot: slot, requestID: row.requestID)
    }
  }

  /// Notes how far a request has come. What cannot be written now goes with the next `force`.
  package func note(_ opening: Opening, completionTokens: Int64) {
    state.withLock { state in
      guard Self.holds(opening, state) else { return }
      let start = Self.place(opening.slot).lowerBound
      let place =
        start + OpeningRecord.progressPlaces.lowerBound..<start
        + OpeningRecord.progressPlaces.upperBound
      OpeningRecord.writeProgress(
        of: opening.requestID, completionTokens: completionTokens, to: &state.image, at: start)
      write(&state, place)
    }
  }

  /// Wipes the slots of requests whose end is durable.
  package func close(_ openings: [Opening]) {
    state.withLock { state in
      for opening in openings where Self.holds(opening, state) {
        let place = Self.place(opening.slot)
        state.image.replaceSubrange(place, with: repeatElement(0, count: Self.slot))
        state.free.append(opening.slot)
        write(&state, place)
      }
    }
  }

  /// Makes everything durable that was written before.
  package func force() throws(UsageStoreError) {
    try state.withLock { state throws(UsageStoreError) in
      guard state.isBehind else { return }
      try disk.write(state.image, 0..<state.image.count)
      state.isBehind = false
    }
    do throws(UsageStoreError) { try disk.force() } catch {
      // The system may hold for written what the disk has refused.
      state.withLock { $0.isBehind = true }
      throw error
    }
  }

  /// Takes no more openings.
  func end() { state.withLock { $0.isClosed = true } }

  private func write(_ state: inout State, _ place: Range<Int>) {
    guard !state.isClosed else { return }
    do throws(UsageStoreError) { try disk.write(state.image, place) } catch {
      state.isBehind = true
    }
  }

  private func grow(_ state: inout State) {
    let count = state.image.count / Self.slot - 1
    state.image += Array(repeating: 0, count: Self.growth * Self.slot)
    // The lowest is taken first.
    state.free = (count..<count + Self.growth).reversed()
  }

  private static func place(_ slot: Int) -> Range<Int> {
    (slot + 1) * Self.slot..<(slot + 2) * Self.slot
  }

  private static func holds(_ opening: Opening, _ state: State) -> Bool {
    let start = place(opening.slot).lowerBound
    return start + 2 < state.image.count
      && state.image[start + 1] == opening.requestID.high.littleEndian
      && state.image[start + 2] == opening.requestID.low.littleEndian
  }
}
