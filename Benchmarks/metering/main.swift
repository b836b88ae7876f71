// What the ledger costs: MeteringBenchmark [FOLDER]. Files are made below FOLDER and removed.

import Foundation

let parent = CommandLine.arguments.dropFirst().first ?? FileManager.default.temporaryDirectory.path
let folder = parent + "/apus-ledger-\(UUID().uuidString)"
try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
defer { try? FileManager.default.removeItem(atPath: folder) }
try await LedgerBenchmark(folder: folder).run()
