// The list of promises tells the truth about its tests.

import Foundation
import Metering
import Testing

@Suite struct PromiseListTests {
  @Test func everyPromiseThatIsCalledProvedHasATestOfItsNumberAndNoOtherHas() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    var numbers: [Int] = []
    for file in try FileManager.default.contentsOfDirectory(atPath: folder.path)
    where file.hasSuffix(".swift") {
      let text = try String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8)
      for line in text.split(separator: "\n") {
        let parts = line.drop { $0 == " " }.split(separator: "`promise ", maxSplits: 1)
        guard parts.count == 2, parts[0].hasSuffix("func ") else { continue }
        numbers.append(try #require(Int(parts[1].prefix { $0 != ":" })))
      }
    }
    #expect(numbers.sorted() == Promise.all.filter(\.isProved).map(\.number))
    #expect(Promise.all.map(\.number) == Array(1...36))
  }
}
