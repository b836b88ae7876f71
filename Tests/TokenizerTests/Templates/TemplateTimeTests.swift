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
    // The least of several: what others do to caches, and on the same core where a processor is half of
    // one, is not the template's doing. They may do it for seconds.
    var least = Duration.seconds(60)
    for attempt in 0..<40 where least >= .milliseconds(50) {
      if attempt >= 5 { try await Task.sleep(for: .seconds(1)) }
      let time = processorTime {
        #expect(throws: TemplateError.self) { try template.render([:]) }
      }
      least = min(least, time)
    }
    #expect(least < .milliseconds(50))
  }
}
