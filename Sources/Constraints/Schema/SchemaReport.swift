// Keyword by keyword: what of a schema is enforced and what is refused.

public import JSON

/// What becomes of each keyword of a schema.
public struct SchemaReport: Sendable {
  public enum Outcome: Sendable, Equatable {
    /// No answer breaks it.
    case enforced
    /// It says something to people, or names a place.
    case annotation
    /// No value of the schema is looked at by it.
    case unused
    /// The schema cannot be used because of it.
    case refused(reason: String)
  }

  public struct Entry: Sendable {
    /// The keyword's JSON pointer, with `#`.
    public let pointer: String
    public let keyword: String
    public let outcome: Outcome
  }

  /// In the order of the schema.
  public let entries: [Entry]
  /// Why the schema as a whole cannot be used, where no keyword alone is to blame.
  public let problem: ConstraintError?

  /// Whether the schema can be used.
  public var isUsable: Bool {
    problem == nil
      && entries.allSatisfy { if case .refused = $0.outcome { false } else { true } }
  }

  /// Looks at all of a schema, though one refusal would be enough to refuse it.
  public init(
    _ schema: JSONValue, options: SchemaOptions = .init(), limits: ConstraintLimits = .init()
  ) {
    var entries: [Entry] = []
    var problem: ConstraintError?
    do {
      var compiler = try SchemaCompiler(schema, options, limits)
      compiler.refusals = [:]
      do {
        let root = try compiler.compileRoot()
        if compiler.refusals?.isEmpty == true {
          _ = try Matcher(compiler.store, root: root)
        }
      } catch {
        problem = error
      }
      compiler.list(0, options, into: &entries)
      let known = Set(entries.map(\.pointer))
      let rest = (compiler.refusals ?? [:]).values.filter { !known.contains($0.place) }
      if problem == nil { problem = rest.first }
    } catch {
      problem = error
    }
    self.entries = entries
    self.problem = problem
  }

  /// As for a value; the schema is written in JSON.
  public init(
    _ text: String, options: SchemaOptions = .init(), limits: ConstraintLimits = .init()
  ) throws(ConstraintError) {
    self.init(try Constraint.parse(text, limits), options: options, limits: limits)
  }
}

extension SchemaCompiler {
  /// Adds the keywords of a schema and of those below it.
  fileprivate mutating func list(
    _ node: Int, _ options: SchemaOptions, into entries: inout [SchemaReport.Entry]
  ) {
    guard let members = document.nodes[node].value.objectValue else { return }
    for (keyword, value) in members {
      let place = KeywordPlace(node: node, keyword: keyword)
      let shape = SchemaKeyword.shape(of: keyword)
      let outcome: SchemaReport.Outcome
      if let refusal = refusals?[place] {
        outcome = .refused(reason: refusal.message)
      } else if shape == .annotation || keyword == "$defs" || keyword == "definitions"
        || keyword == "format"
          && (!options.assertsFormats || value.stringValue.flatMap(StringFormat.named) == nil)
      {
        outcome = .annotation
      } else if shape == nil {
        outcome = .refused(reason: "the keyword is not known")
      } else {
        outcome = enforced.contains(place) ? .enforced : .unused
      }
      entries.append(
        .init(
          pointer: document.nodes[node].pointer + "/" + SchemaDocument.escaped(keyword),
          keyword: keyword, outcome: outcome))
      switch (shape, value) {
      case (.schema, .object): list(document.child(node, keyword), options, into: &entries)
      case (.schema, .array(let items)), (.list, .array(let items)):
        for index in items.indices {
          list(document.child(node, keyword, "\(index)"), options, into: &entries)
        }
      case (.map, .object(let map)):
        for name in map.keys { list(document.child(node, keyword, name), options, into: &entries) }
      default: break
      }
    }
  }
}
