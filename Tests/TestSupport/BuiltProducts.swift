// Programs that are built beside the tests.

import Foundation

package enum BuiltProducts {
  /// The folder of built products.
  package static let folder: URL = {
    var url = Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0])
    while url.pathComponents.count > 1 {
      url.deleteLastPathComponent()
      if FileManager.default.isExecutableFile(atPath: url.appendingPathComponent("apus").path) {
        break
      }
    }
    return url
  }()

  /// The path of a built program.
  package static func path(of name: String) -> String {
    folder.appendingPathComponent(name).path
  }
}
