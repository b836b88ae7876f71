// Calls whose arguments are no JSON: what a function's schema makes of values, and of what may come.

import Constraints
import JSON
import TestSupport
import Testing
import Transformer

@Suite struct ElementCallTests {
  private static let function = CallableFunction(
    name: "book",
    parameters: [
      "type": "object",
      "properties": [
        "city": ["type": "string"], "nights": ["type": "integer"],
        "class": ["enum": ["first", "second"]], "price": ["type": ["number", "null"]],
        "quiet": ["type": "boolean"], "guests": ["$ref": "#/$defs/names"],
        "note": ["type": ["string", "null"]],
      ],
      "required": ["city", "nights"],
      "$defs": ["names": ["type": "array", "items": ["type": "string"]]],
    ])
  private static let formats: [ToolFormat] = [
    .parameters, .seedParameters, .pairs, .invocations, .deepSeekMarked, .deepSeekMarkedCalls,
  ]

  private func calls(
    _ text: String, _ format: ToolFormat, of function: CallableFunction = function
  ) -> [ToolCall] {
    var parser = OutputParser(
      OutputReading(tools: ToolReading(format: format, functions: [function])))
    var content = AnswerContent()
    for piece in parser.finish(text) { content.append(piece) }
    return content.calls
  }

  private func wanted(_ format: ToolFormat) throws -> Constraint {
    try .parts(format.calls(of: [Self.function], several: false))
  }

  @Test(arguments: [
    ("city", "12", #""12""#), ("city", "{\"a\":1}", #""{\"a\":1}""#), ("nights", "12", "12"),
    ("nights", " 12\n", "12"), ("nights", "twelve", #""twelve""#), ("nights", "1.5", #""1.5""#),
    ("price", "12", "12"), ("price", "1.5", "1.5"), ("price", "None", "null"),
    ("quiet", "True", "true"), ("quiet", "false", "false"), ("quiet", "1", #""1""#),
    ("guests", "[\"a\", \"b\"]", #"["a","b"]"#), ("guests", "a", #""a""#),
    ("note", "null", "null"), ("note", "\"x\"", #""\"x\"""#), ("note", "7", #""7""#),
    ("class", "first", #""first""#), ("other", "7", "7"), ("other", "\"x\"", #""x""#),
    ("other", "x y", #""x y""#), ("city", "", #""""#), ("nights", "", #""""#),
  ])
  func aSchemaSaysWhatAValueIs(name: String, value: String, json: String) {
    let text =
      "<tool_call>book<arg_key>\(name)</arg_key><arg_value>\(value)</arg_value></tool_call>"
    #expect(calls(text, .pairs).map(\.arguments) == ["{\"\(name)\":\(json)}"])
  }

  @Test func aWantedCallIsHeldToTheSchema() throws {
    func call(_ arguments: String) -> String {
      "<tool_call>\n<function=book>\(arguments)\n</function>\n</tool_call>"
    }
    func argument(_ name: String, _ value: String) -> String {
      "\n<parameter=\(name)>\n\(value)\n</parameter>"
    }
    let constraint = try wanted(.parameters)
    let least = argument("city", "Bern <3\n\n") + argument("nights", "2")
    for good in [
      least, least + argument("class", "second"), least + argument("price", "null"),
      least + argument("quiet", "true") + argument("guests", "[\"a\"]") + argument("note", "null"),
    ] {
      #expect(try constraint.accepts(call(good)), "\(good)")
    }
    for bad in [
      "", argument("city", "Bern"), argument("city", "Bern") + argument("nights", "two"),
      least + argument("class", "third"), least + argument("quiet", "maybe"),
      least + argument("guests", "[1]"), least + argument("rooms", "1"),
    ] {
      #expect(try !constraint.accepts(call(bad)), "\(bad)")
    }
  }

  /// The shortest text of the grammar is a call with the two arguments that there must be.
  @Test(arguments: formats)
  func whatMayComeIsReadAsACall(_ format: ToolFormat) throws {
    var matcher = try wanted(format).matcher
    let text = String(decoding: try matcher.shortest(from: matcher.start), as: UTF8.self)
    let found = calls(text, format)
    #expect(found.map(\.name) == ["book"], "\(text)")
    let arguments = try JSONValue.parse(found.first?.arguments ?? "")
    #expect(arguments.objectValue?.keys == ["city", "nights"], "\(text)")
    #expect(arguments["city"]?.stringValue != nil && arguments["nights"]?.intValue != nil)
  }

  @Test func aCallWrittenTheGemmaWayIsHeldToTheSchema() throws {
    let constraint = try wanted(.gemma)
    func call(_ arguments: String) -> String { "<|tool_call>call:book{\(arguments)}<tool_call|>" }
    let least = "city:<|\"|>Bern {<|\"|>,nights:2"
    for good in [
      least, least + ",class:<|\"|>first<|\"|>", least + ",price:null", least + ",price:1.5",
      least + ",quiet:true,guests:[<|\"|>a<|\"|>,<|\"|>b<|\"|>]", least + ",guests:[]",
    ] {
      #expect(try constraint.accepts(call(good)), "\(good)")
      let read = try #require(calls(call(good), .gemma).first)
      #expect(try JSONValue.parse(read.arguments)["nights"] == 2)
    }
    for bad in [
      "", "nights:2", "city:Bern,nights:2", "city:<|\"|>Bern<|\"|>,nights:two", least + ",",
      least + ",class:<|\"|>third<|\"|>", least + ",quiet:1", least + ",guests:[1]",
      least + ",rooms:1",
    ] {
      #expect(try !constraint.accepts(call(bad)), "\(bad)")
    }
  }

  @Test func aGemmaCallWithoutASchemaMayHaveAnyArguments() throws {
    let free = CallableFunction(name: "f", parameters: ["type": "object"])
    let constraint = try Constraint.parts(ToolFormat.gemma.calls(of: [free], several: false))
    let text =
      "<|tool_call>call:f{a:{b:[1,{c:<|\"|>x < y<|\"|>}],d:null},e:-1.5}<tool_call|>"
    #expect(try constraint.accepts(text))
    #expect(try !constraint.accepts(text.replacing("null", with: "nil")))
  }

  /// Schemas that would be gigantic if they were written out; what is too large is any value.
  @Test(arguments: [ToolFormat.gemma, .parameters])
  func aSchemaThatRefersToItselfEndsSoon(_ format: ToolFormat) throws {
    let own: JSONValue = ["$ref": "#/$defs/a"]
    let names = (0..<40).map { "p\($0)" }
    let many = JSONValue.object(
      names.reduce(into: JSONObject()) { members, name in members[name] = own })
    let schema: JSONValue = [
      "type": "object", "properties": many,
      "$defs": [
        "a": [
          "anyOf": .array(
            Array(repeating: own, count: 50) + [["type": "object", "properties": many]])
        ]
      ],
    ]
    let function = CallableFunction(name: "f", parameters: schema)
    let time = processorTime {
      _ = try? Constraint.parts(format.calls(of: [function], several: false))
      let argument = "<arg_key>p1</arg_key><arg_value>1</arg_value>"
      let call = "<tool_call>f\(String(repeating: argument, count: 40))</tool_call>"
      #expect(calls(call, .pairs, of: function).count == 1)
    }
    #expect(time < .seconds(10), "\(time)")
  }

  @Test func optionalArgumentsOfGemmaNeedNoCommaInFront() throws {
    let optional = CallableFunction(
      name: "f",
      parameters: [
        "type": "object", "properties": ["a": ["type": "integer"], "b": true, "c": true],
      ])
    let constraint = try Constraint.parts(ToolFormat.gemma.calls(of: [optional], several: false))
    for arguments in ["", "a:1", "b:1", "c:1", "a:1,c:2", "b:1,c:2", "a:1,b:2,c:3"] {
      #expect(
        try constraint.accepts("<|tool_call>call:f{\(arguments)}<tool_call|>"), "\(arguments)")
    }
    for arguments in [",", ",a:1", "a:1,", "a:1b:2", "b:1,a:2"] {
      #expect(try !constraint.accepts("<|tool_call>call:f{\(arguments)}<tool_call|>"))
    }
  }
}
