// Golden data that is part of the package, so that it is there in every clone.

import FoundationEssentials

/// The small fixtures in `Tests/Fixtures`; its README says what they are.
public enum ProjectFixtures {
  /// The folder.
  public static let root = Fixtures.packageRoot + "/Tests/Fixtures"

  /// The bytes of the file at `path` below the folder.
  public static func bytes(_ path: String) throws -> [UInt8] {
    try [UInt8](Data(contentsOf: URL(fileURLWithPath: root + "/" + path)))
  }

  /// The JSON document at `path` below the folder.
  public static func json<T: Decodable>(_ path: String, as type: T.Type = T.self) throws -> T {
    try JSONDecoder().decode(type, from: Data(contentsOf: URL(fileURLWithPath: root + "/" + path)))
  }
}
