// The layouts whose halves of 32 columns have scales of their own.

import KernelInterface

/// One factor for the scales of a block's eight parts: signed bytes.
protocol SignedScales: HalvedPart {
  static var scaleUnit: Float { get }
}

extension SignedScales {
  @inline(__always) static var blockPartCount: Int { 8 }
  @inline(__always) static var sharedPartCount: Int { 4 }
  @inline(__always) static var factorBytes: Int { 32 }
  @inline(__always) static var zeroPoint: HalvedZeroPoint { .at32 }
  @inline(__always)
  static func factors(_ block: UnsafeRawPointer) -> BlockFactors {
    BlockFactors(scale: loadHalves(block) * scaleUnit, minimum: Floats(repeating: 0))
  }
  @inline(__always)
  static func scale(_ part: UnsafeRawPointer, half: Int, _ factors: BlockFactors) -> Floats {
    factors.scale * floats(loadSignedBytes(part + 16 * half))
  }
}

enum Q6_KPart: SignedScales {
  static var partBytes: Int { 416 }
  static var largestByte: Int { 63 }
  static var scaleUnit: Float { 1 }
  @inline(__always)
  static func forEachGroup(_ part: UnsafeRawPointer, half: Int, _ body: (Words, Int) -> Void) {
    let upper = loadWords(part + 288 + 64 * half)
    for i in 0..<4 {
      let nibbles = half == 0 ? lowNibbles(part + 32, i) : highNibbles(part + 32, i)
      body(nibbles | upperBits(upper, i), 4 * half + i)
    }
  }
}

/// Three bits q, as 8 q: less 32 that is eight times the value.
enum Q3_KPart: SignedScales {
  static var partBytes: Int { 224 }
  static var largestByte: Int { 56 }
  static var scaleUnit: Float { 0.125 }
  @inline(__always)
  static func forEachGroup(_ part: UnsafeRawPointer, half: Int, _ body: (Words, Int) -> Void) {
    let pairs = loadWords(part + 32 + 64 * half)
    for i in 0..<4 {
      let third = (part + 160).loadUnaligned(fromByteOffset: 8 * (4 * half + i), as: UInt64.self)
      body(adding(32, to: bitPairs(pairs, i) &<< 3, where: third), 4 * half + i)
    }
  }
}

/// Scale and minimum share a byte.
enum Q2_KPart: HalvedPart {
  static var blockPartCount: Int { 8 }
  static var sharedPartCount: Int { 4 }
  static var factorBytes: Int { 64 }
  static var partBytes: Int { 160 }
  static var largestByte: Int { 3 }
  static var zeroPoint: HalvedZeroPoint { .none }
  @inline(__always)
  static func factors(_ block: UnsafeRawPointer) -> BlockFactors {
    BlockFactors(scale: loadHalves(block), minimum: -loadHalves(block + 32))
  }
  @inline(__always)
  static func scale(_ part: UnsafeRawPointer, half: Int, _ factors: BlockFactors) -> Floats {
    factors.scale * floats(codes(part, half) & 15)
  }
  @inline(__always)
  static func minimum(_ part: UnsafeRawPointer, half: Int, _ factors: BlockFactors) -> Floats {
    factors.minimum * floats(codes(part, half) &>> 4)
  }
  @inline(__always)
  static func forEachGroup(_ part: UnsafeRawPointer, half: Int, _ body: (Words, Int) -> Void) {
    let pairs = loadWords(part + 32 + 64 * half)
    for i in 0..<4 { body(bitPairs(pairs, i), 4 * half + i) }
  }
  @inline(__always)
  private static func codes(_ part: UnsafeRawPointer, _ half: Int) -> Integers {
    widened((part + 16 * half).loadUnaligned(as: SIMD16<UInt8>.self))
  }
}

/// The layout of formats that have none of their own: scales as floats, bytes.
enum ScaledBytesPart: HalvedPart {
  static var blockPartCount: Int { 1 }
  static var sharedPartCount: Int { 1 }
  static var factorBytes: Int { 0 }
  static var partBytes: Int { 640 }
  static var largestByte: Int { 255 }
  static var zeroPoint: HalvedZeroPoint { .wide }
  @inline(__always)
  static func factors(_ block: UnsafeRawPointer) -> BlockFactors {
    BlockFactors(scale: Floats(repeating: 1), minimum: Floats(repeating: 0))
  }
  @inline(__always)
  static func scale(_ part: UnsafeRawPointer, half: Int, _ factors: BlockFactors) -> Floats {
    (part + 64 * half).loadUnaligned(as: Floats.self)
  }
  @inline(__always)
  static func forEachGroup(_ part: UnsafeRawPointer, half: Int, _ body: (Words, Int) -> Void) {
    for i in 4 * half..<4 * half + 4 { body(loadWords(part + 128 + 64 * i), i) }
  }
}
