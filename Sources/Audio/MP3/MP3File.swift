// MP3: frames of MPEG audio layer III, one after the other (ISO/IEC 11172-3 and 13818-3).

/// An MP3 file. What is damaged within a frame is silent; what is between frames is left out, and
/// so is a last frame that is cut off.
struct MP3File: SampleSource {
  /// Main data may begin so many bytes before its frame.
  private static let reservoirBytes = 511

  let formatName = "MP3"
  let sampleRate: Int
  let frameCount: Int?

  private let bytes: [UInt8]
  private let first: MP3Header
  private let edges: MP3Edges?
  private var position: Int
  /// Samples decoded so far, those at the edges too.
  private var decodedCount = 0

  private var reservoir: [UInt8] = []
  private var scalefactors: [MP3Scalefactors]
  private var quantised = MP3Quantised()
  private var spectra = [MP3Spectrum(), MP3Spectrum()]
  private var hybrid = MP3Hybrid()
  private var synthesis = MP3Synthesis()

  /// The file whose first frame stands at `start`.
  init(_ bytes: [UInt8], from start: Int) throws(AudioError) {
    guard let first = MP3Header(bytes, at: start), start + first.byteCount <= bytes.count else {
      throw AudioError.damaged("MP3", "it ends within its first frame")
    }
    self.bytes = bytes
    self.first = first
    sampleRate = first.sampleRate
    scalefactors = [MP3Scalefactors(first), MP3Scalefactors(first)]
    let frame = start..<start + first.byteCount
    edges = MP3Edges(bytes, frame, first)
    position = edges == nil ? start : frame.upperBound
    // No frame is smaller than its header and side information.
    frameCount = edges?.frameCount.flatMap {
      $0 <= bytes.count / 13 ? $0 * first.sampleCount : nil
    }
  }

  mutating func next(_ block: inout [Float]) throws(AudioError) -> Bool {
    block.removeAll(keepingCapacity: true)
    while let header = nextHeader() {
      let frame = position..<position + header.byteCount
      position = frame.upperBound
      let before = decodedCount
      decode(frame, header, into: &block)
      decodedCount += block.count
      cut(&block, from: before)
      if !block.isEmpty { return true }
    }
    return false
  }

  /// Leaves out what is beyond the edges of a block whose first sample has this number.
  private func cut(_ block: inout [Float], from number: Int) {
    guard let edges else { return }
    func places(_ numbers: Range<Int>) -> Range<Int> {
      let range = numbers.clamped(to: number..<number + block.count)
      return range.lowerBound - number..<range.upperBound - number
    }
    block.removeSubrange(places(edges.gap))
    block.removeSubrange(places(0..<edges.start))
  }

  /// The header at the position; where there is none, the position moves to the next that another
  /// one follows.
  private mutating func nextHeader() -> MP3Header? {
    func header(at offset: Int) -> MP3Header? {
      guard let header = MP3Header(bytes, at: offset), header.matches(first),
        offset + header.byteCount <= bytes.count
      else { return nil }
      return header
    }
    if let header = header(at: position) { return header }
    while position + 4 <= bytes.count {
      position += 1
      if let header = header(at: position), header.isFollowed(by: 1, in: bytes, at: position) {
        reservoir.removeAll(keepingCapacity: true)
        return header
      }
    }
    return nil
  }

  /// Appends the samples of a frame.
  private mutating func decode(_ frame: Range<Int>, _ header: MP3Header, into block: inout [Float])
  {
    let sideStart = frame.lowerBound + header.headByteCount
    let sideEnd = sideStart + header.sideByteCount
    var sideReader = BitReader(bytes, fromBit: 8 * sideStart, end: sideEnd)
    let side = MP3SideInformation(&sideReader, header)
    let begin = reservoir.count - side.mainDataBegin
    reservoir.append(contentsOf: bytes[sideEnd..<frame.upperBound])
    var bit = 8 * begin
    for (number, granules) in side.granules.enumerated() {
      for (channel, granule) in granules.enumerated() {
        if begin >= 0 {
          decode(
            granule, channel, header, fromBit: bit,
            shared: number == 0 ? 0 : side.sharedScalefactors[channel])
        } else {
          spectra[channel].clear()
        }
        bit += granule.bitCount
      }
      synthesize(granules, header, into: &block)
    }
    if reservoir.count > Self.reservoirBytes {
      reservoir.removeFirst(reservoir.count - Self.reservoirBytes)
    }
  }

  /// Sets the spectrum of a channel to what is written from a bit of the reservoir on.
  private mutating func decode(
    _ granule: MP3Granule, _ channel: Int, _ header: MP3Header, fromBit start: Int, shared: Int
  ) {
    let end = start + granule.bitCount
    guard end <= 8 * reservoir.count else { return spectra[channel].clear() }
    let bands = MP3Bands.of(header)
    var reader = BitReader(reservoir, fromBit: start)
    scalefactors[channel].read(
      &reader, granule, shared: shared, isDirection: channel == 1 && header.usesIntensity)
    quantised.read(&reader, granule, bands, end: end)
    spectra[channel].set(quantised, granule, scalefactors[channel], bands.bands(of: granule))
  }

  /// Turns the spectra of all channels into the samples of their mean.
  private mutating func synthesize(
    _ granules: [MP3Granule], _ header: MP3Header, into block: inout [Float]
  ) {
    let bands = MP3Bands.of(header)
    if header.channelCount == 2, header.usesIntensity || header.usesMiddleSide {
      var (left, right) = (spectra[0], spectra[1])
      MP3Stereo.decode(
        &left, &right, header, granules[1], scalefactors[1], bands.bands(of: granules[1]))
      spectra = [left, right]
    }
    for (channel, granule) in granules.enumerated() {
      if granule.blocks == .short { spectra[channel].interleaveWindows(bands.bands(of: granule)) }
      if granule.blocks != .short || granule.isMixed {
        spectra[channel].reduceAliases(subbandCount: granule.isMixed ? 2 : 32)
      }
      hybrid.add(spectra[channel], granule)
    }
    let start = block.count
    hybrid.finish { synthesis.append($0, to: &block) }
    guard granules.count == 2 else { return }
    for index in start..<block.count { block[index] /= 2 }
  }
}
