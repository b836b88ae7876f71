// A copy of the whole folder that is good to restore from, also while a server runs.

import FoundationEssentials
import GRDB

extension UsageStore {
  /// Copies what is open, every database, each as it stands at one moment, and the secrets into a new
  /// folder.
  ///
  /// `meter.db` comes last: what the events name is in it. How far events were brought to a central
  /// ledger is not, because its mark is of a later moment than the events: who goes on from the copy
  /// brings them all again, which the ledger notices.
  ///
  /// - Returns: the names of the copied files.
  /// - Throws: ``UsageStoreError`` where the folder exists or cannot be made.
  package func backUp(to target: String) throws(UsageStoreError) -> [String] {
    guard !FileManager.default.fileExists(atPath: target) else {
      throw UsageStoreError(
        .cannotOpen, "'\(target)' is there already: a backup needs a folder of its own")
    }
    try DataFolder.create(target)
    // Before the events: a request that ends meanwhile is in both, and its row counts.
    let left = OpeningFile.path(folder: folder)
    var names = FileManager.default.fileExists(atPath: left) ? ["openings"] : []
    for name in names { try copy(name, to: target) }
    let databases = try months().map { "events-\($0).db" } + ["meter.db"]
    for name in databases {
      do {
        DataFolder.createPrivateFile("\(target)/\(name)")
        let copy = try DatabaseQueue(path: "\(target)/\(name)")
        try Schema.openForReading("\(folder)/\(name)").backup(to: copy)
        if name == "meter.db" {
          try copy.write { try $0.execute(sql: "UPDATE outbox SET pushed_seq = 0") }
        }
        try copy.close()
      } catch { throw UsageStoreError(error, doing: "back up '\(name)'") }
    }
    // What systemd holds is not in the folder.
    let secrets = (pepperPlace.ids.map(PepperPlace.name) + ["receipt-key-1"]).filter {
      FileManager.default.fileExists(atPath: "\(folder)/\($0)")
    }
    for name in secrets { try copy(name, to: target) }
    names += databases + secrets
    return names
  }

  private func copy(_ name: String, to target: String) throws(UsageStoreError) {
    do {
      try FileManager.default.copyItem(atPath: "\(folder)/\(name)", toPath: "\(target)/\(name)")
    } catch {
      throw UsageStoreError(.cannotOpen, "cannot copy '\(name)': check the folders' rights")
    }
  }
}
