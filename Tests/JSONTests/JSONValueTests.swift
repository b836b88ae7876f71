// Objects, accessors and the writer.

import JSON
import Testing

@Suite struct JSONValueTests {
  @Test func `an object keeps its keys in order, small or large`() {
    for count in [3, 11, 12, 13, 40] {
      var object = JSONObject()
      for number in 0..<count { object["key \(number)"] = .integer(Int64(number)) }
      object["key 1"] = "changed"
      object["key 0"] = nil
      object["missing"] = nil
      #expect(object.count == count - 1)
      #expect(object.keys == (1..<count).map { "key \($0)" })
      #expect(object["key 1"] == "changed")
      #expect(object["key 0"] == nil)
      #expect(object["key \(count - 1)"] == .integer(Int64(count - 1)))
      #expect(object.map(\.key) == object.keys)
    }
  }

  @Test func `accessors give a value of their type or nil`() {
    let value: JSONValue = ["a": [1, 2.5, "x", true, .null]]
    #expect(value["a"]?[0]?.intValue == 1)
    #expect(value["a"]?[0]?.doubleValue == 1)
    #expect(value["a"]?[1]?.doubleValue == 2.5)
    #expect(value["a"]?[1]?.intValue == nil)
    #expect(value["a"]?[2]?.stringValue == "x")
    #expect(value["a"]?[3]?.boolValue == true)
    #expect(value["a"]?[4]?.isNull == true)
    #expect(value["a"]?[5] == nil)
    #expect(value["a"]?[-1] == nil)
    #expect(value["b"] == nil)
    #expect(value[0] == nil)
    #expect(value.objectValue?.keys == ["a"])
    #expect(value["a"]?.arrayValue?.count == 5)
    #expect(value.stringValue == nil)
  }

  @Test(
    arguments: [
      (
        .string("\"\\/\u{0}\u{1f}\u{8}\u{c}\n\r\t\u{7f}é😀<"),
        #""\"\\/\u0000\u001f\b\f\n\r\t\#u{7f}é😀<""#
      ),
      (.number(.nan), "null"), (.number(-.infinity), "null"), (1.5, "1.5"),
      (.number(1e300), "1e+300"),
      (["b": 1, "a": [true, .null]], #"{"b":1,"a":[true,null]}"#),
    ] as [(JSONValue, String)])
  func `a value is written compactly`(value: JSONValue, text: String) {
    #expect(value.serialized() == text)
  }

  @Test func `a value is written for people to read`() {
    let value: JSONValue = ["a": [1, [:], []], "b": ["c": "d"]]
    #expect(
      value.serialized(.pretty) == """
        {
          "a": [
            1,
            {},
            []
          ],
          "b": {
            "c": "d"
          }
        }
        """)
  }

  @Test func `a string is written in pieces`() {
    var writer = JSONWriter()
    writer.write(raw: "{\"text\":\"")
    writer.write(escaped: "a\n")
    writer.write(escaped: "\"b\"")
    writer.write(raw: "\"}")
    #expect(String(decoding: writer.bytes, as: UTF8.self) == #"{"text":"a\n\"b\""}"#)
  }

  @Test(arguments: [0, 20])
  func `keys that differ only in how an accent is written are two`(others: Int) throws {
    var object: JSONObject = [:]
    for number in 0..<others { object["\(number)"] = .null }
    object["\u{e9}"] = 1
    object["e\u{301}"] = 2
    #expect(object.count == others + 2)
    #expect(object["\u{e9}"] == 1 && object["e\u{301}"] == 2)
    object["\u{e9}"] = nil
    #expect(object.count == others + 1 && object["e\u{301}"] == 2)
    var other = object
    other["e\u{301}"] = nil
    other["\u{e9}"] = 2
    #expect(object != other)
  }
}
