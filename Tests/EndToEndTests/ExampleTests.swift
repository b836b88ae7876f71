// The programs of the README and of the documentation are real ones: they are compiled with the
// package and run here.

import Foundation
import TestSupport
import Testing

@Suite struct ExampleTests {
  private func text(_ path: String) throws -> String {
    String(
      decoding: try Data(contentsOf: URL(fileURLWithPath: Fixtures.packageRoot + "/" + path)),
      as: UTF8.self)
  }

  @Test func `the README shows the example as it is`() throws {
    let example = try text("Examples/Embedding/main.swift")
    #expect(try text("README.md").contains("```swift\n" + example + "```\n"))
    #expect(example.split(separator: "\n", omittingEmptySubsequences: false).count <= 21)
  }

  @Test(arguments: [
    ("Embedding", "GettingStarted"), ("TypedOutput", "TypedOutput"), ("Tools", "CallingTools"),
    ("Streaming", "Streaming"),
  ])
  func `an article shows its program as it is`(_ program: String, _ article: String) throws {
    let page = try text("Sources/Transformer/Transformer.docc/\(article).md")
    #expect(
      page.contains("```swift\n" + (try text("Examples/\(program)/main.swift")) + "```\n"))
  }

  @Test(
    .enabled(if: RealModel.arePresent, RealModel.absence),
    arguments: [
      ("Embedding", "(flies|walks)\n$"),
      (
        "TypedOutput",
        "a (starter|main|dessert) for [0-9]+\n(- .+\n){2,4}(\\* .+\n){1,3}(stars|refused)"
      ),
      (
        "Tools",
        "calls weather with \\{\"city\".+\nweather returns \\{\"sky\":\"clear\".+\nthe model says: "
      ),
      (
        "Streaming",
        "loaded\n[\\s\\S]+stopped after [0-9]+ characters\n[\\s\\S]+cancelled\n1 entry, free\n.+[\\s\\S]+\n3 entries\n$"
      ),
    ])
  func `the example answers`(_ name: String, _ pattern: String) async throws {
    let outcome = try await Program.run(
      BuiltProducts.path(of: name + "Example"), [RealModel.smol.path])
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(try outcome.text.contains(Regex(pattern)), "\(outcome.text)")
  }
}
