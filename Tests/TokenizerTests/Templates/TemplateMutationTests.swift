// Templates that somebody's editor, or somebody hostile, has damaged: text or an error, never a trap.

import FoundationEssentials
import JSON
import TestSupport
import Testing
import Tokenizer

@Suite struct TemplateMutationTests {
  /// Pieces that real templates are made of, and values at the edges.
  private static let pieces = [
    "9223372036854775807", "-1", "0", "1e308", "|list", "[::-1]", "{{", "%}", "'", "**", "%d",
    ".format(", "loop", "\u{1F600}", "\\u", "{#", "-%}", "|pprint", "{% raw %}", "is", " if ", "~",
  ]

  @Test func `a damaged template is rendered or refused`() throws {
    let file = try JSONValue.parse(try ProjectFixtures.bytes("templates/cases.json")[...])
    var context = try #require(file["context"]?.objectValue)
    context["messages"] = context["m"]
    var sources = try #require(file["cases"]?.arrayValue).compactMap {
      $0["template"].flatMap(\.stringValue).map { Array($0.utf8) }
    }
    if Fixtures.isPresent {
      let folder = Fixtures.root + "/templates"
      for name in try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
      where name.hasSuffix(".jinja") {
        // As often as all the small ones together.
        sources += Array(repeating: try Fixtures.bytes("templates/\(name)"), count: 40)
      }
    }
    let isSlowRun = ProcessInfo.processInfo.environment["APUS_SLOW"] == "1"
    var generator = SeededGenerator(seed: 5)
    var renderedCount = 0
    for _ in 0..<(isSlowRun ? 100_000 : 2_000) {
      let source = Self.damaged(sources, using: &generator)
      let template = try? ChatTemplate(String(decoding: source, as: UTF8.self))
      let limits = TemplateLimits(steps: 5_000, bytes: 1 << 20)
      if (try? template?.render(context, limits: limits)) != nil { renderedCount += 1 }
    }
    #expect(renderedCount > 100)
  }

  private static func damaged(
    _ sources: [[UInt8]], using generator: inout SeededGenerator
  ) -> [UInt8] {
    var text = sources.randomElement(using: &generator) ?? []
    for _ in 0..<Int.random(in: 1...4, using: &generator) where !text.isEmpty {
      let start = Int.random(in: 0..<text.count, using: &generator)
      let part = start..<min(text.count, start + Int.random(in: 0..<12, using: &generator))
      switch Int.random(in: 0..<6, using: &generator) {
      case 0: text.removeSubrange(part)
      case 1:
        let place = Int.random(in: 0...text.count, using: &generator)
        text.insert(contentsOf: text[part], at: place)
      case 2: text[start] = UInt8.random(in: 0...255, using: &generator)
      case 3:
        let other = sources.randomElement(using: &generator) ?? []
        let from = Int.random(in: 0...other.count, using: &generator)
        text.insert(contentsOf: other[from...].prefix(20), at: start)
      case 4: text.insert(contentsOf: pieces.randomElement(using: &generator)!.utf8, at: start)
      default: text.removeSubrange(start...)
      }
    }
    return text
  }
}
