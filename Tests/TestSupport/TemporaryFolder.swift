// Folders that are gone when their test is.

import Foundation

package enum TemporaryFolder {
  package static func with<Value>(_ body: (String) throws -> Value) throws -> Value {
    let path = try make()
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try body(path)
  }

  package static func with<Value>(_ body: (String) async throws -> Value) async throws -> Value {
    let path = try make()
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try await body(path)
  }

  private static func make() throws -> String {
    let path = FileManager.default.temporaryDirectory.path + "/apus-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
  }
}
