// One writer at a time, also among the threads of one process.

import Foundation
import GRDB
import Metering
import Synchronization
import Testing

@Suite struct FolderLockTests {
  /// While somebody else holds the lock, no thread of this process writes, whatever lock another of its
  /// threads held a moment ago.
  @Test(.timeLimit(.minutes(2)))
  func nothingIsWrittenWhileAnotherProcessHasTheLock() throws {
    let folder = TemporaryFolder()
    let store = try UsageStore(folder: folder.path, mode: .administering)
    let (threads, each) = (4, 60)
    let finished = Atomic<Int>(0)
    for index in 0..<threads {
      Thread {
        for number in 0..<each { _ = try? store.createAccount(name("a\(index)-\(number)")) }
        finished.add(1, ordering: .sequentiallyConsistent)
      }.start()
    }
    let file = open(folder.path + "/writer.lock", O_RDWR)
    try #require(file >= 0)
    defer { close(file) }
    var configuration = Configuration()
    configuration.readonly = true
    let database = try DatabaseQueue(path: folder.path + "/meter.db", configuration: configuration)
    func count() throws -> Int {
      try database.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM account") ?? 0 }
    }
    while finished.load(ordering: .sequentiallyConsistent) < threads {
      flock(file, LOCK_EX)
      let before = try count()
      for _ in 0..<50 { try #require(try count() == before) }
      flock(file, LOCK_UN)
    }
    #expect(try count() == threads * each)
    try store.close()
  }
}
