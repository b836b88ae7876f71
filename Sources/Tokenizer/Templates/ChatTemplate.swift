// A chat template: Jinja source in, and text for a conversation out.

import JSON

/// A chat template in the Jinja language, read once and rendered any number of times.
///
/// The language is Jinja 3.1 as chat templates find it in Python: `trim_blocks` and
/// `lstrip_blocks` are on, nothing is escaped, lists and mappings cannot be changed, `break`,
/// `continue` and `generation` blocks exist, as do `raise_exception`, `strftime_now` and a
/// `tojson` that keeps the order of keys. Values behave as Python's do. Each of these is an error
/// that says so: other templates (`extends`, `include`, `import`), integers beyond 64 bits, bytes
/// (`encode`, `to_bytes`), characters by name (`\N`), and the filters `random` and `urlize`.
/// `self`, `super` and `lipsum` are undefined. `striptags` knows the references that HTML 4 names.
public struct ChatTemplate: Sendable {
  /// The template as it was given.
  public let source: String
  private let program: TemplateProgram

  /// Bytes of a template's source at most: reading takes thirty times as much memory, and the
  /// longest of known models has a thirtieth.
  static let sourceBytes = 1 << 20

  /// Reads a template. An error says where `source` is not Jinja, or that it is too long.
  public init(_ source: String) throws(TemplateError) {
    self.source = source
    guard source.utf8.count <= Self.sourceBytes else {
      throw TemplateError(
        TemplateFault(
          .tooManyBytes,
          "the template has \(source.utf8.count) bytes, more than \(Self.sourceBytes)"),
        in: TemplateSource(String(source.unicodeScalars.prefix(50))))
    }
    let text = TemplateSource(source)
    do throws(TemplateFault) {
      var parser = TemplateParser(tokens: try TemplateLexer.tokens(of: text))
      program = try parser.program()
    } catch {
      throw TemplateError(error, in: text)
    }
  }

  /// The template's text for `variables`: `messages`, `tools`, `add_generation_prompt`,
  /// `bos_token`, `eos_token` and whatever else the template reads.
  ///
  /// - Parameters:
  ///   - now: the time that `strftime_now` sees.
  ///   - limits: how much work and memory the template may take.
  /// - Throws: where the template raises an error, does what cannot be done, or goes over a
  ///   limit. The error quotes the template and never a variable's value.
  public func render(
    _ variables: JSONObject, now: TemplateClock = .system, limits: TemplateLimits = .init()
  ) throws(TemplateError) -> String {
    let evaluator = TemplateEvaluator(program: program, now: now, limits: limits)
    do throws(TemplateFault) {
      return try evaluator.render(variables)
    } catch {
      throw TemplateError(error, in: TemplateSource(source))
    }
  }
}
