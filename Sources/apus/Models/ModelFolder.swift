// Where models live on this machine, and what a model argument means.

import Foundation
import TensorCore

/// The folder that pulled models live in. It need not exist.
struct ModelFolder: Sendable {
  let path: String

  /// `$APUS_MODELS`, else a folder in the user's cache.
  init(environment: [String: String] = ProcessInfo.processInfo.environment) throws(ModelNameError) {
    func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    if let folder = value("APUS_MODELS") {
      path = folder
    } else if let cache = value("XDG_CACHE_HOME") {
      path = cache + "/apus/models"
    } else if let home = value("HOME") {
      #if os(macOS)
        path = home + "/Library/Caches/apus/models"
      #else
        path = home + "/.cache/apus/models"
      #endif
    } else {
      throw .noFolder
    }
  }

  /// Where the file of a catalogue model is or will be.
  func file(of entry: Catalogue.Entry) -> String { path + "/" + entry.file }

  /// The bytes of the file at `path`, nil where there is none.
  static func size(of path: String) -> Int? {
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    return (attributes?[.size] as? NSNumber)?.intValue
  }

  /// Whether the model's file is there, with the right size.
  func holds(_ entry: Catalogue.Entry) -> Bool { Self.size(of: file(of: entry)) == entry.bytes }
}

/// A model that a command can open.
struct LocatedModel: Sendable {
  /// What it is called in answers: the catalogue's name, or the file's without its ending.
  let name: String
  let path: String
  /// What names it in a command: the catalogue's name, or the path as it was given.
  let argument: String

  /// The model that `argument`, a catalogue name or a path, means; the default model for nil.
  static func find(_ argument: String?) throws -> LocatedModel {
    let folder = try ModelFolder()
    let catalogue = try Catalogue.load(folder: folder)
    guard let argument else {
      guard let entry = catalogue.defaultEntry else { throw ModelNameError.noDefault }
      return try located(entry, in: folder)
    }
    if let entry = catalogue[argument] { return try located(entry, in: folder) }
    let isPath =
      argument.contains("/") || argument.lowercased().hasSuffix(".gguf")
      || FileManager.default.fileExists(atPath: argument)
    guard isPath else {
      throw ModelNameError.unknown(argument, known: catalogue.entries.map(\.name))
    }
    var name = argument.split(separator: "/").last.map(String.init) ?? argument
    for ending in [".gguf", ".bin"] where name.lowercased().hasSuffix(ending) {
      name.removeLast(ending.count)
    }
    return LocatedModel(name: name, path: argument, argument: argument)
  }

  /// Whether the file begins as whisper.cpp's files of speech models do.
  var isSpeechModel: Bool {
    guard let file = FileHandle(forReadingAtPath: path) else { return false }
    defer { try? file.close() }
    let beginning = try? file.read(upToCount: SpeechFileHead.byteCount)
    return SpeechFileHead.begins(Array(beginning ?? Data()))
  }

  private static func located(
    _ entry: Catalogue.Entry, in folder: ModelFolder
  ) throws(ModelNameError) -> LocatedModel {
    guard let size = ModelFolder.size(of: folder.file(of: entry)) else {
      throw .notPulled(entry.name)
    }
    guard size == entry.bytes else {
      throw .damaged(entry.name, expected: entry.bytes, found: size)
    }
    return LocatedModel(
      name: entry.name, path: folder.file(of: entry), argument: entry.name)
  }
}

/// A model argument that leads to no file.
enum ModelNameError: Error, CustomStringConvertible {
  case noFolder
  case noDefault
  case unknown(String, known: [String])
  case notPulled(String)
  case damaged(String, expected: Int, found: Int)

  var description: String {
    switch self {
    case .noFolder:
      "there is no place for models: neither APUS_MODELS nor HOME is set; set one of them"
    case .noDefault:
      "the catalogue has no default model; name one ('apus models' lists them)"
    case .unknown(let name, let known):
      "no model is called '\(name)'\(Self.suggestion(for: name, among: known)) "
        + "('apus models' lists the names; a path ends in .gguf or has a '/')"
    case .notPulled(let name):
      "\(name) is not on this machine yet; fetch it with 'apus pull \(name)'"
    case .damaged(let name, let expected, let found):
      "the file of \(name) has \(found) bytes instead of \(expected); "
        + "fetch it again with 'apus pull \(name)'"
    }
  }

  /// The nearest name, where it is the same in two of three characters.
  private static func suggestion(for name: String, among known: [String]) -> String {
    let nearest = known.min { $0.editDistance(to: name) < $1.editDistance(to: name) }
    guard let nearest else { return "; the catalogue is empty" }
    let isAlike = !name.isEmpty && nearest.editDistance(to: name) <= name.count / 3
    return isAlike ? "; did you mean '\(nearest)'?" : ""
  }
}

extension String {
  /// How many characters must be put in, taken out or replaced to make `other` of it
  /// (Levenshtein's distance). Taking out what follows a common beginning is free of charge, so
  /// that a short name finds its long form.
  func editDistance(to other: String) -> Int {
    let target = Array(other)
    var row = Array(0...target.count)
    var best = row[target.count]
    for (index, character) in enumerated() {
      var diagonal = row[0]
      row[0] = index + 1
      for column in target.indices {
        let substituted = diagonal + (target[column] == character ? 0 : 1)
        diagonal = row[column + 1]
        row[column + 1] = Swift.min(substituted, row[column] + 1, diagonal + 1)
      }
      best = Swift.min(best, row[target.count])
    }
    return best
  }
}
