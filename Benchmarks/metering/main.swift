// What metering costs: MeteringBenchmark [admission | ledger] [FOLDER] [keys=N] [rounds=N], by default
// both with 10,000 keys and 200,000 rounds. Files are made below FOLDER and removed.

import Foundation

var arguments = CommandLine.arguments.dropFirst()
let parts = ["admission", "ledger"]
let chosen = arguments.first.flatMap { parts.contains($0) ? [$0] : nil } ?? parts
if chosen.count == 1 { arguments.removeFirst() }
let counts = arguments.reduce(into: ["keys": 10_000, "rounds": 200_000]) { counts, argument in
  let parts = argument.split(separator: "=")
  if parts.count == 2, let count = Int(parts[1]), count > 0 { counts[String(parts[0])] = count }
}
arguments = arguments.filter { !$0.contains("=") }
let parent = arguments.first ?? FileManager.default.temporaryDirectory.path
let folder = parent + "/apus-metering-\(UUID().uuidString)"
try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
defer { try? FileManager.default.removeItem(atPath: folder) }
if chosen.contains("admission") {
  try await AdmissionBenchmark(
    folder: folder + "/keys", keyCount: counts["keys"] ?? 1, rounds: counts["rounds"] ?? 1
  ).run()
}
if chosen.contains("ledger") { try await LedgerBenchmark(folder: folder).run() }
