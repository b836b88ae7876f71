// Hostile templates end soon: the limits' steps stand for about as much time each, whatever it is
// that a template repeats.

import JSON
import TestSupport
import Testing
import Tokenizer

@Suite struct TemplateTimeTests {
  @Test(arguments: HostileTemplates.endless + HostileTemplates.filling)
  func `a hostile template is stopped within 50 milliseconds of processor time`(
    source: String
  ) async throws {
    let template = try ChatTemplate(source)
    let least = try await leastProcessorTime(within: .milliseconds(50)) {
      #expect(throws: TemplateError.self) { try template.render([:]) }
    }
    #expect(least <= .milliseconds(50))
  }
}
