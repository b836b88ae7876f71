// Settings from a file, the environment and flags.

import APIServer
import FoundationEssentials
import TestSupport
import Testing

@Suite struct SettingsTests {
  @Test func aFlagIsStrongerThanTheEnvironmentAndThatThanTheFile() throws {
    var settings = ServerSettings()
    try settings.read(
      file: "# ours\n\nport = 1  # one\n host=example \nidle-seconds = 7\nadmin-port = 9\n",
      name: "apus.conf")
    try settings.read(environment: ["APUS_PORT": "2", "APUS_STRICT": "true", "HOME": "/"])
    try settings.set("port", to: "3", from: .flag, place: "--port")
    let configuration = settings.configuration
    #expect(configuration.port == 3)
    #expect(configuration.host == "example")
    #expect(configuration.isStrict)
    #expect(configuration.limits.idleDuration == .seconds(7))
    #expect(configuration.administration == Server.ListeningAddress(port: 9))
    for line in [
      "port = 3  # flag", "strict = true  # environment", "host = example  # file",
      "json-depth = 64  # default",
    ] {
      #expect(settings.listing.contains(line + "\n"), "\(line)")
    }
  }

  @Test func everySettingIsDescribed() throws {
    let guide = try String(
      contentsOfFile: Fixtures.packageRoot + "/Documentation/operating.md", encoding: .utf8)
    for setting in ServerSetting.all {
      #expect(guide.contains("`\(setting.name)`"), "\(setting.name)")
    }
  }

  @Test func aListingIsAFile() throws {
    var settings = ServerSettings()
    try settings.set("messages", to: "5", from: .flag, place: "--set")
    try settings.set(
      "trusted-proxies", to: "10.0.0.0/8,2001:db8::1", from: .flag, place: "--trusted-proxies")
    var copy = ServerSettings()
    try copy.read(file: settings.listing, name: "listing")
    #expect(
      copy.listing.split(separator: "\n").map { $0.prefix { $0 != "#" } }
        == settings.listing.split(separator: "\n").map { $0.prefix { $0 != "#" } })
    #expect(copy.configuration.administration == nil)
    #expect(copy.configuration.limits.messageCount == 5)
    #expect(
      copy.configuration.trustedProxies.map(\.description) == ["10.0.0.0/8", "2001:db8::1"])
  }

  @Test(arguments: [
    ("port = 70000", "f line 1: port must be a whole number from 0 to 65535"),
    ("\nstrict = yes", "f line 2: strict must be true or false"),
    ("host = a b", "f line 1: host must be a name or an address without spaces"),
    (
      "prot = 1", "f line 1: there is no setting 'prot'; 'apus serve --print-config' lists them all"
    ),
    ("port", "f line 1: a line is 'name = value' or begins with '#'"),
    ("port = 1\nport = 2", "f line 2: 'port' stands in this file twice"),
    ("drain-seconds = -1", "f line 1: drain-seconds must be whole seconds from 0 to 86400"),
    (
      "trusted-proxies = 10.0.0.0/8,proxy",
      "f line 1: trusted-proxies must be addresses and networks (10.0.0.0/8) with commas between "
        + "them, or empty"
    ),
  ])
  func aWrongLineIsNamed(file: String, message: String) {
    let error = #expect(throws: SettingError.self) {
      var settings = ServerSettings()
      try settings.read(file: file, name: "f")
    }
    #expect(error?.description == message)
  }

  @Test func theExampleFileIsReadable() throws {
    let path = Fixtures.packageRoot + "/Deploy/apus.conf"
    let data = try #require(FileManager.default.contents(atPath: path))
    var settings = ServerSettings()
    try settings.read(file: String(decoding: data, as: UTF8.self), name: "apus.conf")
    #expect(settings.configuration.administration?.port == 9464)
  }

  @Test func namesAreUnique() {
    #expect(Set(ServerSetting.all.map(\.name)).count == ServerSetting.all.count)
  }
}
