// Products of quantised weights with quantised activations: 16 rows × up to 8 tokens in registers.

#if arch(x86_64) && !os(macOS)
  import KernelInterface
  import _Builtin_intrinsics.intel

  /// Multiplies panels of integer weights with quantised activations.
  @Sendable
  func integerProduct(_ call: IntegerProduct) {
    switch call.format {
    case .Q4_0: walk(call, SimpleTile<BlockQ4_0>.self)
    case .Q4_1: walk(call, SimpleTile<BlockQ4_1>.self)
    case .Q5_0: walk(call, SimpleTile<BlockQ5_0>.self)
    case .Q5_1: walk(call, SimpleTile<BlockQ5_1>.self)
    case .Q8_0: walk(call, SimpleTile<BlockQ8_0>.self)
    case .Q4_K: walk(call, ScaledMinimumTile<PlainNibbles>.self)
    case .Q5_K: walk(call, ScaledMinimumTile<FifthBitNibbles>.self)
    case .Q6_K: walk(call, Q6_KTile.self)
    case .F32, .F16, .BF16: preconditionFailure("float panels go through floatProduct")
    }
  }

  /// 16 rows × `T` tokens of one layout.
  protocol Tile {
    /// Adds all columns of `panel` for `T` tokens into 16 sums each.
    static func sums<let T: Int>(
      _ panel: UnsafeRawPointer, _ columns: Int, _ activations: UnsafeRawPointer, _ stride: Int
    ) -> InlineArray<T, Floats>
  }

  @inline(__always)
  func walk<K: Tile>(_ call: IntegerProduct, _ kind: K.Type) {
    for p in 0..<call.panelCount {
      let panel = call.panels + p * call.panelBytes
      let output = call.output + p * panelRowCount
      var token = 0
      while call.tokenCount - token >= 8 {
        let sums: InlineArray<8, Floats> = K.sums(
          panel, call.columns, call.activations + token * call.activationStride,
          call.activationStride)
        for t in 0..<8 { store(sums[t], output, (token + t) * call.outputStride) }
        token += 8
      }
      if call.tokenCount - token >= 4 {
        let sums: InlineArray<4, Floats> = K.sums(
          panel, call.columns, call.activations + token * call.activationStride,
          call.activationStride)
        for t in 0..<4 { store(sums[t], output, (token + t) * call.outputStride) }
        token += 4
      }
      if call.tokenCount - token >= 2 {
        let sums: InlineArray<2, Floats> = K.sums(
          panel, call.columns, call.activations + token * call.activationStride,
          call.activationStride)
        for t in 0..<2 { store(sums[t], output, (token + t) * call.outputStride) }
        token += 2
      }
      if call.tokenCount - token == 1 {
        let sums: InlineArray<1, Floats> = K.sums(
          panel, call.columns, call.activations + token * call.activationStride,
          call.activationStride)
        store(sums[0], output, token * call.outputStride)
      }
    }
  }

  /// Calls `body` for 0..<count, written out, so that sums stay in registers; count is 1, 2, 3, 4 or 8.
  @inline(__always)
  func unrolled(_ count: Int, _ body: (Int) -> Void) {
    body(0)
    if count > 1 { body(1) }
    if count > 2 { body(2) }
    if count > 3 { body(3) }
    if count > 4 {
      body(4)
      body(5)
      body(6)
      body(7)
    }
  }

  /// Adds bytes × quants of one group to the sums of all tokens.
  ///
  /// Token after token within a group, so that neighbouring instructions are independent.
  @inline(__always)
  func addGroup<let T: Int>(
    _ sums: inout InlineArray<T, Integers>, _ weights: Integers, _ group: Int,
    _ activation: UnsafeRawPointer, _ stride: Int
  ) {
    unrolled(T) { t in
      sums[t] = _mm512_dpbusd_epi32(
        sums[t], weights, broadcastWord(activation + t * stride, 4 * group))
    }
  }

  /// Adds all eight groups of a 32-column block.
  @inline(__always)
  func addGroups<let T: Int>(
    _ sums: inout InlineArray<T, Integers>, _ w: Groups, _ activation: UnsafeRawPointer,
    _ stride: Int
  ) {
    addGroup(&sums, w.0, 0, activation, stride)
    addGroup(&sums, w.1, 1, activation, stride)
    addGroup(&sums, w.2, 2, activation, stride)
    addGroup(&sums, w.3, 3, activation, stride)
    addGroup(&sums, w.4, 4, activation, stride)
    addGroup(&sums, w.5, 5, activation, stride)
    addGroup(&sums, w.6, 6, activation, stride)
    addGroup(&sums, w.7, 7, activation, stride)
  }

  /// Sums that begin with an activation block's word at `offset`, or at 0 where there is none.
  @inline(__always)
  func startingSums<let T: Int>(
    _ activation: UnsafeRawPointer, _ stride: Int, _ offset: Int?
  ) -> InlineArray<T, Integers> {
    var sums = InlineArray<T, Integers>(repeating: _mm512_setzero_si512())
    if let offset {
      unrolled(T) { t in sums[t] = broadcastWord(activation + t * stride, offset) }
    }
    return sums
  }

  enum SimpleTile<Block: SimpleBlock>: Tile {
    @inline(__always)
    static func sums<let T: Int>(
      _ panel: UnsafeRawPointer, _ columns: Int, _ activations: UnsafeRawPointer, _ stride: Int
    ) -> InlineArray<T, Floats> {
      var sums = InlineArray<T, Floats>(repeating: _mm512_setzero_ps())
      var block = panel
      var activation = activations
      for _ in 0..<(columns / blockElementCount) {
        let scale = loadHalves(block, 0)
        let minimum = Block.hasMinimum ? loadHalves(block, 32) : _mm512_setzero_ps()
        var products: InlineArray<T, Integers> = startingSums(
          activation, stride, Block.hasMinimum ? nil : Block.zeroPoint)
        addGroups(&products, Block.groups(block), activation, stride)
        unrolled(T) { t in
          let line = activation + t * stride
          let factor = _mm512_mul_ps(scale, broadcastFloat(line, ActivationBlock.scale))
          sums[t] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(products[t]), factor, sums[t])
          if Block.hasMinimum {
            sums[t] = _mm512_fmadd_ps(
              minimum, broadcastFloat(line, ActivationBlock.scaledSum), sums[t])
          }
        }
        block += Block.blockBytes
        activation += ActivationBlock.stride
      }
      return sums
    }
  }

  /// What a 32-column part of a Q4_K or Q5_K block holds behind its scales and minimums.
  protocol ScaledPart {
    static var partBytes: Int { get }
    static func groups(_ part: UnsafeRawPointer) -> Groups
  }

  enum PlainNibbles: ScaledPart {
    static var partBytes: Int { 288 }
    @inline(__always) static func groups(_ part: UnsafeRawPointer) -> Groups {
      nibbleGroups(part, 32)
    }
  }

  enum FifthBitNibbles: ScaledPart {
    static var partBytes: Int { 352 }
    @inline(__always) static func groups(_ part: UnsafeRawPointer) -> Groups {
      addingFifthBits(nibbleGroups(part, 32), part, 288)
    }
  }

  /// 16 bytes as floats, without sign.
  @inline(__always)
  func loadBytes(_ address: UnsafeRawPointer, _ offset: Int) -> Floats {
    _mm512_cvtepi32_ps(
      _mm512_cvtepu8_epi32(address.loadUnaligned(fromByteOffset: offset, as: __m128i.self)))
  }

  /// 16 signed bytes as words.
  @inline(__always)
  func loadSignedBytes(_ address: UnsafeRawPointer, _ offset: Int) -> Integers {
    _mm512_cvtepi8_epi32(address.loadUnaligned(fromByteOffset: offset, as: __m128i.self))
  }

  enum ScaledMinimumTile<Part: ScaledPart>: Tile {
    @inline(__always)
    static func sums<let T: Int>(
      _ panel: UnsafeRawPointer, _ columns: Int, _ activations: UnsafeRawPointer, _ stride: Int
    ) -> InlineArray<T, Floats> {
      var sums = InlineArray<T, Floats>(repeating: _mm512_setzero_ps())
      var part = panel
      var activation = activations
      for _ in 0..<(columns / 256) {
        let blockScale = loadHalves(part, 0)
        let blockMinimum = _mm512_sub_ps(_mm512_setzero_ps(), loadHalves(part, 32))
        part += 64
        for _ in 0..<8 {
          let scale = _mm512_mul_ps(blockScale, loadBytes(part, 0))
          let minimum = _mm512_mul_ps(blockMinimum, loadBytes(part, 16))
          var products: InlineArray<T, Integers> = startingSums(activation, stride, nil)
          addGroups(&products, Part.groups(part), activation, stride)
          unrolled(T) { t in
            let line = activation + t * stride
            let factor = _mm512_mul_ps(scale, broadcastFloat(line, ActivationBlock.scale))
            sums[t] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(products[t]), factor, sums[t])
            sums[t] = _mm512_fmadd_ps(
              minimum, broadcastFloat(line, ActivationBlock.scaledSum), sums[t])
          }
          part += Part.partBytes
          activation += ActivationBlock.stride
        }
      }
      return sums
    }
  }

  enum Q6_KTile: Tile {
    @inline(__always)
    static func sums<let T: Int>(
      _ panel: UnsafeRawPointer, _ columns: Int, _ activations: UnsafeRawPointer, _ stride: Int
    ) -> InlineArray<T, Floats> {
      var sums = InlineArray<T, Floats>(repeating: _mm512_setzero_ps())
      var part = panel
      var activation = activations
      for _ in 0..<(columns / 256) {
        let scale = loadHalves(part, 0)
        part += 32
        for _ in 0..<8 {
          let w = addingUpperBits(nibbleGroups(part, 32), part, 288)
          let lowScale = loadSignedBytes(part, 0)
          let highScale = loadSignedBytes(part, 16)
          var low: InlineArray<T, Integers> = startingSums(
            activation, stride, ActivationBlock.lowZeroPoint32)
          addGroup(&low, w.0, 0, activation, stride)
          addGroup(&low, w.1, 1, activation, stride)
          addGroup(&low, w.2, 2, activation, stride)
          addGroup(&low, w.3, 3, activation, stride)
          unrolled(T) { t in low[t] = _mm512_mullo_epi32(low[t], lowScale) }
          var high: InlineArray<T, Integers> = startingSums(
            activation, stride, ActivationBlock.highZeroPoint32)
          addGroup(&high, w.4, 4, activation, stride)
          addGroup(&high, w.5, 5, activation, stride)
          addGroup(&high, w.6, 6, activation, stride)
          addGroup(&high, w.7, 7, activation, stride)
          unrolled(T) { t in
            let product = _mm512_add_epi32(low[t], _mm512_mullo_epi32(high[t], highScale))
            let factor = _mm512_mul_ps(
              scale, broadcastFloat(activation + t * stride, ActivationBlock.scale))
            sums[t] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(product), factor, sums[t])
          }
          part += 32 + 256 + 128
          activation += ActivationBlock.stride
        }
      }
      return sums
    }
  }
#endif
