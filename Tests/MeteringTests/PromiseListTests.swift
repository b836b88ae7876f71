// The list of promises tells the truth about its tests.

import Foundation
import Metering
import Testing

@Suite struct PromiseListTests {
  /// Which suites have a test of which promise, by the sources of all tests.
  private func suites() throws -> [Int: Set<String>] {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent()
    var suites: [Int: Set<String>] = [:]
    let files = FileManager.default.enumerator(at: tests, includingPropertiesForKeys: nil)
    for case let file as URL in try #require(files) where file.pathExtension == "swift" {
      let text = try String(contentsOf: file, encoding: .utf8)
      for line in text.split(separator: "\n") {
        let parts = line.drop { $0 == " " }.split(separator: "`promise ", maxSplits: 1)
        guard parts.count == 2, parts[0].hasSuffix("func ") else { continue }
        let number = try #require(Int(parts[1].prefix { $0 != ":" }))
        suites[number, default: []].insert(file.deletingPathExtension().lastPathComponent)
      }
    }
    return suites
  }

  @Test func everyPromiseHasATestOfItsNumberInTheSuiteThatItNames() throws {
    let suites = try suites()
    #expect(suites.keys.sorted() == Promise.all.map(\.number))
    for promise in Promise.all {
      #expect(suites[promise.number]?.contains(promise.suite) == true, "promise \(promise.number)")
    }
    #expect(Promise.all.map(\.number) == Array(1...36))
  }
}
