// The rules of transcripts: compressed sizes, times, segments, words.

import TestSupport
import Testing
import Tokenizer
import Transformer

@Suite struct SpeechRuleTests {
  @Test(
    "Texts compress as zlib compresses them",
    arguments: [
      ("hello", 13), ("", 8),
      (
        "And so my fellow Americans ask not what your country can do for you ask what you can do "
          + "for your country.", 77
      ),
      (String(repeating: " the", count: 20), 15), (String(repeating: "la ", count: 60), 14),
      ("Guten Morgen! Heute ist ein schöner Tag und wie long es scheint.", 69),
    ])
  func sizes(text: String, size: Int) {
    #expect(CompressedSize.bytes(of: Array(text.utf8)) == size)
  }

  @Test("Any bytes have a size that stored bytes bound", arguments: 0..<8)
  func anySize(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    for count in [1, 2, 3, 4, 257, 258, 259, 5_000, 20_000] {
      let bytes = (0..<count).map { _ in UInt8.random(in: 0...UInt8(seed * 30), using: &random) }
      let size = CompressedSize.bytes(of: bytes)
      #expect(size > 6 && size <= min(count, 1 << 14) + 11)
    }
  }

  @Test("A transcript begins with a time within a second, and times come in pairs")
  func rules() throws {
    let model = try TinySpeech.model("f16")
    let vocabulary = model.vocabulary
    let first = vocabulary.firstTime
    func allowed(after written: [TokenID]) -> Set<TokenID> {
      var logits = [Float](repeating: 0, count: vocabulary.count)
      // No time is likelier than the words.
      for time in Int(first)..<vocabulary.count { logits[time] = -20 }
      model.rules.apply(to: &logits, after: written)
      return Set((0..<TokenID(vocabulary.count)).filter { logits[Int($0)] > -.infinity })
    }
    let times = Set(first..<TokenID(vocabulary.count))
    // This model hears 0.64 s at a time.
    #expect(allowed(after: []) == times)
    let afterOne = allowed(after: [first])
    #expect(afterOne.isDisjoint(with: times) && afterOne.contains(65))
    let afterText = allowed(after: [first + 3, 65])
    #expect(afterText.isSuperset(of: Set(first + 4..<TokenID(vocabulary.count))))
    #expect(!afterText.contains(first + 3))
    let languages = vocabulary.firstLanguage..<vocabulary.translate
    let afterEnd = allowed(after: [first + 3, 65, first + 7]).subtracting(languages)
    #expect(afterEnd == times.subtracting(first..<first + 7).union([vocabulary.endOfText]))
    #expect(!allowed(after: [first, 65]).contains(vocabulary.startOfTranscript))
    var logits = [Float](repeating: 0, count: vocabulary.count)
    model.rules.apply(to: &logits, after: [first, 65])
    #expect(logits[66] == -.infinity, "together the times are likelier than any word")
  }

  @Test("Languages are found by code and by name")
  func languages() {
    #expect(SpeechLanguage.all.count == 100)
    #expect(SpeechLanguage.place(of: "en") == 0)
    #expect(SpeechLanguage.place(of: "German") == SpeechLanguage.place(of: "de"))
    #expect(SpeechLanguage.place(of: "castilian") == SpeechLanguage.place(of: "ES"))
    #expect(SpeechLanguage.place(of: "xx") == nil)
  }

  @Test("Text becomes the words with the lowest numbers first")
  func tokens() throws {
    let vocabulary = try TinySpeech.model("f16").vocabulary
    // 256 " t", 257 "th", 258 " th", 259 " the".
    #expect(vocabulary.tokens(of: "the the") == [257, 101, 259])
    #expect(vocabulary.tokens(of: "").isEmpty)
    #expect(vocabulary.text(of: vocabulary.tokens(of: "né the 日")) == "né the 日")
  }
}
