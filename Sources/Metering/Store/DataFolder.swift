// Where the ledger stands on disk.

import FoundationEssentials

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The folder of the ledger, its keys and its pepper.
package enum DataFolder {
  /// `$APUS_DATA`, else the user's data folder: `$XDG_DATA_HOME/apus` or `~/.local/share/apus`,
  /// on macOS `~/Library/Application Support/apus`. Nil where even `$HOME` is unknown.
  package static func path(environment: [String: String]) -> String? {
    if let path = environment["APUS_DATA"], !path.isEmpty { return path }
    #if os(macOS)
      return environment["HOME"].map { $0 + "/Library/Application Support/apus" }
    #else
      if let path = environment["XDG_DATA_HOME"], path.hasPrefix("/") { return path + "/apus" }
      return environment["HOME"].map { $0 + "/.local/share/apus" }
    #endif
  }

  /// Makes the folder with rights for its owner only; one that exists is left as it is.
  static func create(_ path: String) throws(UsageStoreError) {
    guard !FileManager.default.fileExists(atPath: path) else { return }
    do {
      try FileManager.default.createDirectory(
        atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw UsageStoreError(
        .cannotOpen, "cannot make the data folder '\(path)': check the rights, or set APUS_DATA")
    }
  }

  /// Makes an empty file that its owner alone may read, where there is none; SQLite then gives its
  /// companions the same rights. What cannot be made is left to whoever opens the file to report.
  static func createPrivateFile(_ path: String) {
    let file = openPrivate(path, O_RDWR | O_CREAT | O_EXCL)
    if file >= 0 { close(file) }
  }

  /// Opens or makes a file that its owner alone may read. What root makes belongs to the folder's owner,
  /// whose server could not read it otherwise.
  ///
  /// - Returns: its descriptor, or -1 with the reason in `errno`.
  static func openPrivate(_ path: String, _ flags: Int32) -> Int32 {
    let file = open(path, flags | O_CLOEXEC, 0o600)
    guard file >= 0, geteuid() == 0 else { return file }
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
    var owner = stat()
    if stat(folder, &owner) == 0, owner.st_uid != 0 { _ = fchown(file, owner.st_uid, owner.st_gid) }
    return file
  }
}
