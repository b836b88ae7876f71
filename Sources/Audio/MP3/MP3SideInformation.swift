// What a frame says about its granules (ISO/IEC 11172-3 and 13818-3, 2.4.1.7).

/// The description of one granule of one channel.
struct MP3Granule {
  enum Blocks: Int { case long, start, short, stop }

  /// Bits of scalefactors and code words.
  let bitCount: Int
  /// Pairs of values, from the lowest frequency on, that are written as pairs.
  let pairCount: Int
  let globalGain: Int
  /// An index of the sizes of scalefactors.
  let scalefactorSizes: Int
  let blocks: Blocks
  /// Whether the lowest two subbands are long though blocks are short.
  let isMixed: Bool
  /// Code tables of three regions.
  let tables: [Int]
  /// For each of three short windows.
  let windowGains: [Int]
  /// Bands in the first two regions; nil where regions end at a fixed place.
  let regionBands: (first: Int, second: Int)?
  /// Whether the higher bands have larger scalefactors than written; MPEG-2 says so by their sizes.
  let isPreemphasized: Bool
  /// Quarters of powers of two that a scalefactor counts.
  let scalefactorStep: Int
  /// Whether fours are written plainly.
  let usesPlainFours: Bool

  init(_ reader: inout BitReader, version: MP3Header.Version) {
    bitCount = reader.read(12)
    pairCount = min(reader.read(9), 288)
    globalGain = reader.read(8)
    scalefactorSizes = reader.read(version == .mpeg1 ? 4 : 9)
    let switches = reader.read(1) == 1
    if switches {
      // Long blocks need no switching: that is forbidden, and read as what it says.
      blocks = Blocks(rawValue: reader.read(2)) ?? .long
      isMixed = reader.read(1) == 1 && blocks == .short
      let first = reader.read(5)
      tables = [first, reader.read(5), 0]
      windowGains = (0..<3).map { _ in reader.read(3) }
      regionBands = nil
    } else {
      blocks = .long
      isMixed = false
      tables = (0..<3).map { _ in reader.read(5) }
      windowGains = [0, 0, 0]
      let first = reader.read(4) + 1
      regionBands = (first, reader.read(3) + 1)
    }
    isPreemphasized = version == .mpeg1 && reader.read(1) == 1
    scalefactorStep = reader.read(1) == 1 ? 4 : 2
    usesPlainFours = reader.read(1) == 1
  }
}

/// What stands between the header of a frame and its main data.
struct MP3SideInformation {
  /// Bytes before this frame's own where its main data begins.
  let mainDataBegin: Int
  /// For each channel, which of four groups of scalefactors the second granule shares with the
  /// first.
  let sharedScalefactors: [Int]
  /// `[granules, channels]`.
  let granules: [[MP3Granule]]

  init(_ reader: inout BitReader, _ header: MP3Header) {
    let channels = header.channelCount
    if header.version == .mpeg1 {
      mainDataBegin = reader.read(9)
      _ = reader.read(channels == 1 ? 5 : 3)
      sharedScalefactors = (0..<channels).map { _ in reader.read(4) }
    } else {
      mainDataBegin = reader.read(8)
      _ = reader.read(channels == 1 ? 1 : 2)
      sharedScalefactors = [0, 0]
    }
    granules = (0..<header.granuleCount).map { _ in
      (0..<channels).map { _ in MP3Granule(&reader, version: header.version) }
    }
  }
}
