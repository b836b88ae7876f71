// The README's program is a real one: it is compiled with the package and run here.

import Foundation
import TestSupport
import Testing

@Suite struct ExampleTests {
  @Test func `the README shows the example as it is`() throws {
    func text(_ path: String) throws -> String {
      String(
        decoding: try Data(contentsOf: URL(fileURLWithPath: Fixtures.packageRoot + "/" + path)),
        as: UTF8.self)
    }
    let example = try text("Examples/Embedding/main.swift")
    #expect(try text("README.md").contains("```swift\n" + example + "```\n"))
    #expect(example.split(separator: "\n", omittingEmptySubsequences: false).count <= 21)
  }

  @Test(.enabled(if: RealModel.arePresent, RealModel.absence))
  func `the example answers`() async throws {
    let outcome = try await Program.run(
      BuiltProducts.path(of: "EmbeddingExample"), [RealModel.smol.path])
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.text.hasSuffix(" tokens]\n"))
    #expect(outcome.text.count > 40)
  }
}
