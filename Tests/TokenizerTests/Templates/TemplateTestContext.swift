// The variables that the tests of the template language share.

import JSON
import Tokenizer

/// What `template` gives for the shared variables, on 26 July 2026 at noon.
func render(_ template: String, limits: TemplateLimits = .init()) throws -> String {
  try ChatTemplate(template).render(
    templateContext,
    now: .fixed(year: 2026, month: 7, day: 26, hour: 12, minute: 0, second: 0), limits: limits)
}

let templateContext: JSONObject = [
  "s": "Hello World",
  "u": "Straße é 日本 😀",
  "l": [3, 1, 2],
  "n": .null,
  "t": true,
  "f": false,
  "i": 7,
  "x": 2.5,
  "e": "",
  "d": ["b": 1, "a": [1, 2], "items": "I", "C": .null],
  "m": [
    ["role": "user", "content": "a", "n": 1],
    ["role": "assistant", "content": "b", "n": 2],
    ["role": "User", "content": "c"],
  ],
  "ws": "  \t a b \n c  ",
  "q": "it's",
  "html": "<a href=\"x\">&'</a>",
]
