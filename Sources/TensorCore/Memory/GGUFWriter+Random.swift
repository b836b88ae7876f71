// Tensors of given or random numbers on their way into a file.

extension GGUFWriter {
  /// Writes the next tensor at random, with that deviation, telling `progress` from time to time.
  package func writeRandom(
    _ plan: GGUFTensorPlan, deviation: Float, _ generator: inout XorShift, progress: () -> Void
  ) throws {
    let blocks = RandomBlocks(plan.format, deviation: deviation)
    let most = max(1, (8 << 20) / plan.format.blockBytes) * plan.format.blockBytes
    let buffer = try AlignedBuffer(byteCount: min(most, plan.byteCount), filled: true)
    var rest = plan.byteCount
    while rest > 0 {
      let part = UnsafeMutableRawBufferPointer(start: buffer.base, count: min(most, rest))
      blocks.fill(part, &generator)
      try write(UnsafeRawBufferPointer(part))
      rest -= part.count
      progress()
    }
  }

  /// Writes the next tensor, of float32.
  package func write(_ numbers: [Float]) throws(GGUFError) {
    var header = GGUFHeader()
    for number in numbers { header.append(number.bitPattern) }
    let bytes = header.bytes
    let result = bytes.withUnsafeBytes { (bytes) -> Result<Void, GGUFError> in
      do throws(GGUFError) { return .success(try write(bytes)) } catch { return .failure(error) }
    }
    try result.get()
  }
}
