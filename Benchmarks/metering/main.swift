// The costs of metering, and a server whose engine answers at once.
//
//   MeteringBenchmark ledger [FOLDER]     rates and times of the ledger; FOLDER is made, used, removed
//   MeteringBenchmark server PORT FOLDER  serves the model `instant` with a metered key, until stopped

import Foundation

let arguments = CommandLine.arguments
switch arguments.dropFirst().first {
case "ledger":
  let parent = arguments.count > 2 ? arguments[2] : FileManager.default.temporaryDirectory.path
  let folder = parent + "/apus-ledger-\(UUID().uuidString)"
  try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: folder) }
  try await LedgerBenchmark(folder: folder).run()
case "server" where arguments.count == 4:
  guard let port = Int(arguments[2]) else { exit(64) }
  try await InstantServer(port: port, folder: arguments[3]).run()
default:
  FileHandle.standardError.write(
    Data("usage: MeteringBenchmark ledger [FOLDER] | server PORT FOLDER\n".utf8))
  exit(64)
}
