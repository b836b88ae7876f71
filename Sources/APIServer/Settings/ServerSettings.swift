// A server's configuration out of three places: a file, the environment over it, and flags over
// both.

/// A value that cannot be used, in words for whoever wrote it.
package struct SettingError: Error, Equatable, CustomStringConvertible {
  package let description: String
}

/// The settings of a server and where each came from.
package struct ServerSettings: Sendable {
  private var written = Server.Configuration()
  private var sources: [String: SettingSource] = [:]

  /// The defaults.
  package init() {}

  /// What the settings come to.
  package var configuration: Server.Configuration {
    var configuration = written
    if let port = configuration.administration?.port, port < 0 {
      configuration.administration = nil
    }
    return configuration
  }

  /// Takes one value.
  ///
  /// - Parameter place: where it stands, for an error: `apus.conf line 3`, `APUS_PORT`.
  /// - Throws: `SettingError` for an unknown name and for a value that is none of the setting's.
  package mutating func set(
    _ name: String, to text: String, from source: SettingSource, place: String
  ) throws(SettingError) {
    guard let setting = ServerSetting.all.first(where: { $0.name == name }) else {
      throw SettingError(
        description: "\(place): there is no setting '\(name)'; 'apus serve --print-config' lists "
          + "them all")
    }
    guard setting.write(&written, text) else {
      throw SettingError(
        description: "\(place): \(name) must be \(setting.expectation)")
    }
    sources[name] = source
  }

  /// Takes the settings among a process's variables; others are not looked at.
  package mutating func read(environment: [String: String]) throws(SettingError) {
    for setting in ServerSetting.all {
      guard let text = environment[setting.variable] else { continue }
      try set(setting.name, to: text, from: .environment, place: setting.variable)
    }
  }

  /// Takes the lines of a file: `name = value`. Empty lines and what follows `#` count for nothing.
  ///
  /// - Parameter name: what errors call the file.
  package mutating func read(file text: String, name: String) throws(SettingError) {
    var seen: Set<String> = []
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() {
      let place = "\(name) line \(index + 1)"
      let content = line.prefix { $0 != "#" }.trimmed
      if content.isEmpty { continue }
      guard let equals = content.firstIndex(of: "=") else {
        throw SettingError(description: "\(place): a line is 'name = value' or begins with '#'")
      }
      let name = String(content[..<equals].trimmed)
      guard seen.insert(name).inserted else {
        throw SettingError(description: "\(place): '\(name)' stands in this file twice")
      }
      try set(
        name, to: String(content[content.index(after: equals)...].trimmed), from: .file,
        place: place)
    }
  }

  /// All settings in the format of the file, each with the place that it came from.
  package var listing: String {
    ServerSetting.all.map { setting in
      let source = sources[setting.name] ?? .standard
      return "\(setting.name) = \(setting.read(written))  # \(source.rawValue)\n"
    }.joined()
  }
}

extension Substring {
  /// Without white space around it.
  fileprivate var trimmed: Substring {
    var text = drop(while: \.isWhitespace)
    while text.last?.isWhitespace == true { text.removeLast() }
    return text
  }
}
