// What metering costs: MeteringBenchmark [admission | ledger] [FOLDER], by default both. Files are
// made below FOLDER and removed.

import Foundation

var arguments = CommandLine.arguments.dropFirst()
let parts = ["admission", "ledger"]
let chosen = arguments.first.flatMap { parts.contains($0) ? [$0] : nil } ?? parts
if chosen.count == 1 { arguments.removeFirst() }
let parent = arguments.first ?? FileManager.default.temporaryDirectory.path
let folder = parent + "/apus-metering-\(UUID().uuidString)"
try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
defer { try? FileManager.default.removeItem(atPath: folder) }
if chosen.contains("admission") { try await AdmissionBenchmark(folder: folder + "/keys").run() }
if chosen.contains("ledger") { try await LedgerBenchmark(folder: folder).run() }
