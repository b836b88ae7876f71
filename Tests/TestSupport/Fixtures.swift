// Where golden data stands: `../shared/fixtures` beside the package, absent in a stranger's clone.

import FoundationEssentials
public import Testing

/// Golden data kept beside the package. Tests that need it are skipped where it is absent.
public enum Fixtures {
  /// The root of this package, found from this file's own place.
  public static let packageRoot: String = {
    var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    parts.removeLast(3)
    return parts.joined(separator: "/")
  }()

  /// The folder of golden data, whether it exists or not.
  public static let root = packageRoot + "/../shared/fixtures"

  /// Whether the golden data is there.
  public static let isPresent = FileManager.default.fileExists(atPath: root)

  /// What a skipped test says.
  public static let absence: Comment = "needs ../shared/fixtures, which is absent here"

  /// The bytes of the golden file at `path` below the folder.
  public static func bytes(_ path: String) throws -> [UInt8] {
    try [UInt8](Data(contentsOf: URL(fileURLWithPath: root + "/" + path)))
  }

  /// The JSON document at `path` below the folder.
  public static func json<T: Decodable>(_ path: String, as type: T.Type = T.self) throws -> T {
    try JSONDecoder().decode(type, from: Data(try bytes(path)))
  }
}
