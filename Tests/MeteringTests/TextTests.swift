// Durations, months and ids as clients and files see them.

import Metering
import Testing

@Suite struct TextTests {
  @Test(
    arguments: [
      (0, "0s"), (1, "1ms"), (12_000_000, "12ms"), (999_000_001, "1s"), (1_000_000_000, "1s"),
      (1_570_000_000, "1.57s"), (1_007_000_000, "1.007s"), (20_000_000_000, "20s"),
      (59_999_000_000, "59.999s"), (59_999_000_001, "1m0s"), (360_000_000_000, "6m0s"),
      (360_000_000_001, "6m1s"), (3_600_000_000_000, "1h0m0s"), (-5, "0s"),
    ] as [(Int64, String)])
  func durationsReadAsInTheHeadersThatSDKsKnow(nanoseconds: Int64, text: String) {
    #expect(durationText(nanoseconds: nanoseconds) == text)
  }

  @Test(
    arguments: [
      (0, "1970-01"), (-1, "1969-12"), (951_782_400_000, "2000-02"), (951_868_800_000, "2000-03"),
      (1_709_164_800_000, "2024-02"), (1_709_251_199_999, "2024-02"),
      (1_709_251_200_000, "2024-03"), (1_798_761_599_999, "2026-12"),
      (1_798_761_600_000, "2027-01"),
      (4_107_542_399_999, "2100-02"), (4_107_542_400_000, "2100-03"),
    ] as [(Int64, String)])
  func aMomentBelongsToItsMonth(milliseconds: Int64, text: String) {
    let month = UTCMonth(wallMilliseconds: milliseconds)
    #expect(month.description == text)
    #expect(UTCMonth(text) == month)
  }

  @Test func monthsMeetWithoutAGap() throws {
    var month = try #require(UTCMonth("1970-01"))
    #expect(month.firstHour == 0)
    for _ in 0..<5000 {
      let next = month.next
      #expect(next.previous == month)
      #expect((28 * 24...31 * 24).contains(next.firstHour - month.firstHour))
      #expect(UTCMonth(wallMilliseconds: next.firstHour * 3_600_000) == next)
      #expect(UTCMonth(wallMilliseconds: next.firstHour * 3_600_000 - 1) == month)
      month = next
    }
  }

  @Test(arguments: ["", "2026", "2026-13", "2026-00", "26-01", "2026-1", "2026-01-01", "+026-01"])
  func otherTextIsNoMonth(text: String) {
    #expect(UTCMonth(text) == nil)
  }

  @Test func requestIDsAreUUIDsOfVersionSevenInTheOrderOfTime() {
    var generator = SeededGenerator(seed: 9)
    let ids = (0..<100).map {
      RequestID(wallMilliseconds: 1_795_316_400_000 + $0, using: &generator)
    }
    for id in ids {
      let text = Array(id.description)
      #expect(text.count == 36)
      #expect(text[14] == "7")
      #expect("89ab".contains(text[19]))
      #expect(RequestID(bytes: id.bytes) == id)
    }
    #expect(ids.map(\.description) == ids.map(\.description).sorted())
    #expect(
      RequestID(high: 0x0189_0A5D_AC96_774B, low: 0xBCCE_B302_099A_8057).description
        == "01890a5d-ac96-774b-bcce-b302099a8057")
    #expect(RequestID(bytes: [1, 2, 3]) == nil)
  }

  @Test(arguments: ["", "chatcmpl-", "cmpl-", "msg_", "resp_"])
  func aRequestIsFoundByTheIdOfItsAnswer(word: String) throws {
    // The second begins like a word.
    for high in [0x0189_0A5D_AC96_774B, 0xABCD_EFAB_CDEF_774B] as [UInt64] {
      let id = RequestID(high: high, low: 0xBCCE_B302_099A_8057)
      #expect(RequestID(inAnswerID: "\(word)\(id)") == id)
      #expect(word != "msg_" || RequestID(inAnswerID: "\(word)\(id)_12") == id)
      #expect(RequestID(inAnswerID: "\(word)\(id)0") == nil)
    }
    #expect(RequestID(inAnswerID: word) == nil)
  }

  @Test(
    arguments: [
      (["APUS_DATA": "/a/b", "HOME": "/h"], "/a/b"), (["APUS_DATA": "", "HOME": "/h"], nil),
      ([:], nil),
    ] as [([String: String], String?)])
  func theDataFolderIsWhatTheEnvironmentSays(environment: [String: String], path: String?) {
    let found = DataFolder.path(environment: environment)
    if environment["HOME"] != nil, path == nil {
      #expect(found?.hasPrefix("/h/") == true)
    } else {
      #expect(found == path)
    }
  }
}
