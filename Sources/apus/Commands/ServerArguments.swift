// The settings of a server: a file, the environment over it, and flags over both.

import APIServer
import ArgumentParser
import Foundation

/// The settings of a server on the command line.
struct ServerArguments: ParsableArguments {
  @Option(help: "A file of settings, 'name = value' each; APUS_CONFIG names one too.")
  var config: String?

  @Option(help: "The address to listen on; by default 127.0.0.1.")
  var host: String?

  @Option(
    name: [.short, .long], help: "The port to listen on, by default 8080; 0 takes one that is free."
  )
  var port: String?

  @Option(
    help: ArgumentHelp(
      "A certificate chain in PEM: the server speaks TLS. SIGHUP reads it again.",
      valueName: "file"))
  var tlsCertificate: String?

  @Option(help: ArgumentHelp("The certificate's key in PEM.", valueName: "file"))
  var tlsKey: String?

  @Option(
    help: ArgumentHelp(
      "Addresses and networks of proxies in front, with commas between them: their X-Forwarded-For "
        + "says where clients are.", valueName: "networks"))
  var trustedProxies: String?

  @Flag(help: "Refuse fields that nobody knows instead of ignoring them.")
  var strict = false

  @Option(
    help: ArgumentHelp(
      "'strict': do not start where memory could reach a disk, and wipe what is freed.",
      valueName: "mode"))
  var privacy: String?

  @Option(
    name: .long, help: ArgumentHelp("One setting; may be given again.", valueName: "name=value"))
  var set: [String] = []

  func validate() throws {
    var settings = ServerSettings()
    do { try apply(to: &settings) } catch { throw ValidationError("\(error)") }
  }

  /// The file, the environment over it, and flags over both.
  func resolved(environment: [String: String]) throws -> ServerSettings {
    var settings = ServerSettings()
    if let path = config ?? environment["APUS_CONFIG"] {
      try settings.read(file: InputFile.text(path), name: path)
    }
    try settings.read(environment: environment)
    try apply(to: &settings)
    return settings
  }

  private func apply(to settings: inout ServerSettings) throws {
    for line in set {
      guard let equals = line.firstIndex(of: "=") else {
        throw CommandError(.unusableInput, "--set takes name=value; '\(line)' has no '='")
      }
      try settings.set(
        String(line[..<equals]), to: String(line[line.index(after: equals)...]), from: .flag,
        place: "--set")
    }
    if let host { try settings.set("host", to: host, from: .flag, place: "--host") }
    if let port { try settings.set("port", to: port, from: .flag, place: "--port") }
    for (name, path) in [("tls-certificate", tlsCertificate), ("tls-key", tlsKey)] {
      if let path { try settings.set(name, to: path, from: .flag, place: "--\(name)") }
    }
    if let trustedProxies {
      try settings.set(
        "trusted-proxies", to: trustedProxies, from: .flag, place: "--trusted-proxies")
    }
    if let privacy { try settings.set("privacy", to: privacy, from: .flag, place: "--privacy") }
    if strict { try settings.set("strict", to: "true", from: .flag, place: "--strict") }
  }
}
