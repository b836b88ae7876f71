// How models write calls whose arguments are elements of their own, value by value, and no JSON object.

import Constraints
import JSON

/// The marks around a call's name, its arguments' names and their values.
struct ElementSpelling: Sendable {
  /// What stands before the name of the function.
  let callStart: String
  /// What stands behind it; empty where white space or the next mark does.
  let nameEnd: String
  let keyStart: String
  /// What stands behind an argument's name, attributes included.
  let keyEnd: String
  /// What stands before a value, perhaps behind white space; empty where the name's end does.
  var valueStart = ""
  let valueEnd: String
  let callEnd: String
  /// Whether a line of their own is left to values.
  var breaksLines = false
  /// Whether an attribute says if a value is text.
  var tellsTypes = false

  /// `<function=name>` and `<parameter=key>`: Qwen3-Coder, Qwen 3.5, Nemotron 3, Step.
  static let parameters = ElementSpelling(
    callStart: "<function=", nameEnd: ">", keyStart: "<parameter=", keyEnd: ">",
    valueEnd: "</parameter>", callEnd: "</function>", breaksLines: true)
  /// The same with values in the line: Seed-OSS.
  static let seedParameters = ElementSpelling(
    callStart: "<function=", nameEnd: ">", keyStart: "<parameter=", keyEnd: ">",
    valueEnd: "</parameter>", callEnd: "</function>")
  /// Pairs of a name and a value behind the function's name: GLM, Spark, Laguna, Ling.
  static let pairs = ElementSpelling(
    callStart: "", nameEnd: "", keyStart: "<arg_key>", keyEnd: "</arg_key>",
    valueStart: "<arg_value>", valueEnd: "</arg_value>", callEnd: "</tool_call>")
  /// `<invoke name="…">` and `<parameter name="…">`: MiniMax M2.
  static let invocations = ElementSpelling(
    callStart: "<invoke name=\"", nameEnd: "\">", keyStart: "<parameter name=\"", keyEnd: "\">",
    valueEnd: "</parameter>", callEnd: "</invoke>")
  /// The same with a mark in each name, and an attribute for the kind of value: DeepSeek V3.2 and V4.
  static let markedInvocations = ElementSpelling(
    callStart: "<｜DSML｜invoke name=\"", nameEnd: "\">", keyStart: "<｜DSML｜parameter name=\"",
    keyEnd: ">", valueEnd: "</｜DSML｜parameter>", callEnd: "</｜DSML｜invoke>", tellsTypes: true)

  /// The end of a line around values, where there is one.
  var lineEnd: String { breaksLines ? "\n" : "" }
}

extension ToolFormat {
  /// How arguments are written, where each is an element; nil where all are one object.
  var elements: ElementSpelling? {
    switch self {
    case .parameters: .parameters
    case .seedParameters: .seedParameters
    case .pairs: .pairs
    case .invocations: .invocations
    case .deepSeekMarked, .deepSeekMarkedCalls: .markedInvocations
    default: nil
    }
  }
}

extension ElementSpelling {
  /// A call of a function, from its name to its end. Of texts only an enumeration is held to; all
  /// other values are JSON of their schema.
  func call(of function: CallableFunction) -> ConstraintPart {
    let arguments = SchemaArguments(function.parameters)
    var parts: [ConstraintPart] = [.text(callStart + function.name + nameEnd)]
    for argument in arguments.declared {
      let part = self.argument(
        named: argument.name, argument.types, values: argument.texts,
        json: function.part(argument.schema))
      parts.append(argument.isRequired ? part : .either([.text(""), part]))
    }
    if arguments.declared.isEmpty, arguments.allowsOthers {
      parts.append(.either([.text(""), .list(anyArgument, separator: .text(""))]))
    }
    return .sequence(parts + [.space(most: 1), .text(callEnd)])
  }

  private func argument(
    named name: String, _ types: ArgumentTypes, values: [String]?, json: ConstraintPart
  ) -> ConstraintPart {
    let end = ConstraintPart.text(lineEnd + valueEnd)
    let value: [ConstraintPart] =
      if types.areText {
        if let values {
          [.either(values.map { .text($0) }), end]
        } else {
          [.until(lineEnd + valueEnd)]
        }
      } else if types.mayBeText {
        [.until(lineEnd + valueEnd)]
      } else {
        [json, end]
      }
    let attribute = tellsTypes ? "\" string=\"\(types.areText)\"" : ""
    return .sequence([
      .space(most: 1), .text(keyStart + name + attribute + keyEnd), opening, .text(lineEnd),
      .sequence(value),
    ])
  }

  /// What stands between an argument's name and the line of its value.
  private var opening: ConstraintPart {
    valueStart.isEmpty ? .text("") : .sequence([.space(most: 1), .text(valueStart)])
  }

  /// An argument of any name with any text.
  private var anyArgument: ConstraintPart {
    .sequence([
      .space(most: 1), .text(keyStart), .until(keyEnd), opening, .text(lineEnd),
      .until(lineEnd + valueEnd),
    ])
  }
}
