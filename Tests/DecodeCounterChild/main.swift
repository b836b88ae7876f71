// Reads tokens and writes tokens on one thread, for tools that count what that takes.
//
//   DecodeCounterChild MODEL PROMPT COUNT
//
// Reads PROMPT tokens at once and then COUNT tokens one by one, each with its logits.

import Foundation
import Transformer

let arguments = CommandLine.arguments
guard arguments.count == 4, let prompt = Int(arguments[2]), let count = Int(arguments[3]) else {
  FileHandle.standardError.write(Data("DecodeCounterChild MODEL PROMPT COUNT\n".utf8))
  exit(64)
}
var options = ModelOptions()
options.threadCount = 1
let session = try Session(Model.load(arguments[1], options: options), contextLength: 256)
try session.evaluate((0..<Int32(prompt)).map { $0 + 1 }, logits: .last) { _ in }
let token: [Int32] = [7]
var sum: Float = 0
for _ in 0..<count {
  try session.evaluate(token, logits: .last) { sum += $0[0] }
}
print(sum)
