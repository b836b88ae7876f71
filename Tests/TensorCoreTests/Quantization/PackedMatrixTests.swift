// Weights in memory: in the layout of their format, or as float32 on request.

import KernelInterface
import TensorCore
import TestSupport
import Testing

@Suite struct PackedMatrixTests {
  static let formats = TensorFormat.allCases.filter(\.holdsWeights)

  @Test("A format has its own layout or that of scaled bytes", arguments: formats)
  func layout(format: TensorFormat) throws {
    let folder = try TemporaryFolder()
    let pool = WorkerPool(threadCount: 2)
    let tensor = try format.tensor(rows: 37, columns: 256, seed: 1, in: folder)
    let matrix = try PackedMatrix(tensor, exact: false, pool: pool)
    #expect(matrix.format == format.layout)
    #expect("\(matrix.format)" == format.name || matrix.format == .scaledBytes)
    #expect(matrix.rowCount == 37 && matrix.columnCount == 256)
    #expect(matrix.panelCount == 3 && matrix.paddedRowCount == 48)
    #expect(matrix.byteCount == 3 * matrix.panelBytes)
    #expect(try PackedMatrix(tensor, exact: true, pool: pool).format == .F32)
  }

  @Test("Exact weights are the dequantised ones, bit for bit", arguments: formats)
  func exactWeights(format: TensorFormat) throws {
    let folder = try TemporaryFolder()
    let tensor = try format.tensor(rows: 21, columns: 512, seed: 2, in: folder)
    let matrix = try PackedMatrix(tensor, exact: true, pool: WorkerPool(threadCount: 2))
    let table = RowTable(tensor)
    #expect(table.rowCount == 21 && table.columnCount == 512)
    var row = [Float](repeating: 0, count: 512)
    var scratch = row
    for index in 0..<21 {
      table.read(index, into: &row, scale: 1, scratch: &scratch)
      let panel = matrix.panel(index / panelRowCount)
      let packed = (0..<512).map {
        panel.load(
          fromByteOffset: ($0 * panelRowCount + index % panelRowCount) * 4, as: UInt32.self)
      }
      #expect(packed == row.bits)
    }
  }

  /// One thread reads several pieces into the same room, so what lies behind the last row was another's.
  @Test(
    "Rows that do not exist are packed as zero bytes, also behind the last of many",
    arguments: [false, true])
  func paddingBehindManyRows(exact: Bool) throws {
    let folder = try TemporaryFolder()
    let pool = WorkerPool(threadCount: 1)
    let content = TensorFormat.Q8_0.randomTensor(rows: 1_025, columns: 512, seed: 5)
    let rowBytes = content.count / 1_025
    func matrix(_ rows: Int, _ content: [UInt8]) throws -> PackedMatrix {
      var builder = GGUFBuilder()
      builder.addTensor(
        "weight", shape: [512, UInt64(rows)], type: TensorFormat.Q8_0.rawValue, content: content)
      let path = try folder.write(builder.build(), as: "padding-\(rows).gguf")
      return try PackedMatrix(GGUFFile(path: path).tensors[0], exact: exact, pool: pool)
    }
    let found = try matrix(1_025, content)
    let wanted = try matrix(1_040, content + [UInt8](repeating: 0, count: 15 * rowBytes))
    func lastPanel(_ matrix: PackedMatrix) -> [UInt8] {
      Array(UnsafeRawBufferPointer(start: matrix.panel(64), count: matrix.panelBytes))
    }
    #expect(lastPanel(found) == lastPanel(wanted))
  }

  @Test("Rows that do not exist are zero")
  func padding() throws {
    let folder = try TemporaryFolder()
    let tensor = try TensorFormat.F32.tensor(rows: 17, columns: 32, seed: 3, in: folder)
    let matrix = try PackedMatrix(tensor, exact: false, pool: WorkerPool(threadCount: 1))
    for column in 0..<32 {
      for row in 1..<panelRowCount {
        let offset = (column * panelRowCount + row) * 4
        #expect(matrix.panel(1).load(fromByteOffset: offset, as: UInt32.self) == 0)
      }
    }
  }

  @Test("A row of embeddings is scaled, and a vector holds a tensor of any format")
  func rowsAndVectors() throws {
    let folder = try TemporaryFolder()
    let tensor = try TensorFormat.Q8_0.tensor(rows: 3, columns: 64, seed: 4, in: folder)
    let table = RowTable(tensor)
    var plain = [Float](repeating: 0, count: 64)
    var scaled = plain
    var scratch = plain
    table.read(2, into: &plain, scale: 1, scratch: &scratch)
    table.read(2, into: &scaled, scale: 8, scratch: &scratch)
    #expect(scaled == plain.map { $0 * 8 })
    let vector = try Vector(tensor)
    #expect(vector.count == 192)
    #expect((128..<192).map { vector.values[$0] } == plain)
    let zeros = try Vector(zeros: 5)
    #expect((0..<5).allSatisfy { zeros.values[$0] == 0 })
  }

  /// In a process of its own, because the largest amount of memory is the whole process's.
  @Test("The file's pages are given back while they are consumed, also by a single thread")
  func pagesAreGivenBack() async {
    await #expect(processExitsWith: .success) {
      let folder = try TemporaryFolder()
      let path = try folder.write([], as: "large.gguf")
      let plan = GGUFTensorPlan(name: "weight", shape: [4096, 12_288], format: .Q8_0)
      let writer = try GGUFWriter(path: path, metadata: [], tensors: [plan])
      var generator = XorShift(seed: 1)
      try writer.writeRandom(plan, deviation: 0.02, &generator) {}
      try writer.finish()
      let tensor = try GGUFFile(path: path).tensors[0]
      let before = ProcessMemory.residentBytes
      let matrix = try PackedMatrix(tensor, exact: false, pool: WorkerPool(threadCount: 1))
      let growth = ProcessMemory.peakBytes - before
      // The tensor once more would be 53 MB.
      precondition(growth < matrix.byteCount + 27_000_000, "\(growth) bytes")
    }
  }
}
