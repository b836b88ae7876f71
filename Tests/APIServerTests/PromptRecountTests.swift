// What a request is counted as without a server.

import APIServer
import JSON
import TensorCore
import TestSupport
import Testing
import Transformer

@Suite struct PromptRecountTests {
  @Test(arguments: [("<|im_start|>", 1), ("<|im_end|>", 2)])
  func aBeginTokenAloneStandsOnceHoweverTheAnswerBegins(token: String, count: Int) throws {
    // Its vocabulary begins with <|im_start|>.
    let file = try GGUFFile(path: ProjectFixtures.root + "/architectures/llama.gguf")
    let template = "\(token)\(token){% for m in messages %}{{ m.content }}{% endfor %}"
    var metadata = file.metadata.keys.map {
      (key: $0, value: GGUFContent.value(file.metadata[$0]!))
    }
    metadata.append(("tokenizer.chat_template", .value(.string(template))))
    try TemporaryFolder.with { folder in
      let path = folder + "/vocabulary.gguf"
      try GGUFWriter(path: path, metadata: metadata, tensors: []).finish()
      let writer = try PromptWriter(path: path)
      let recount = PromptRecount(writer)
      let word = writer.tokenizer.encode("a", addingSpecial: false).count
      for continues in [false, true] {
        let body: JSONValue = [
          "model": "m", "messages": [["role": "assistant", "content": "a"]],
          "continue_final_message": .bool(continues), "add_generation_prompt": false,
        ]
        #expect(try recount.promptTokens(of: Array(body.serialized().utf8)) == count + word)
      }
    }
  }
}
