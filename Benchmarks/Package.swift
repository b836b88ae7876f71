// swift-tools-version:6.2
import PackageDescription

// One target per instruction set, as in the project itself: the flag holds for the target only, so
// nothing of it can reach the path of an older processor.
#if arch(x86_64)
  let avx512: [SwiftSetting] = [.unsafeFlags(["-Xcc", "-march=cascadelake"])]
  let avx2: [SwiftSetting] = [.unsafeFlags(["-Xcc", "-march=haswell"])]
#else
  let avx512: [SwiftSetting] = []
  let avx2: [SwiftSetting] = []
#endif

let package = Package(
  name: "apus-benchmarks",
  platforms: [.macOS(.v15)],
  targets: [
    .target(name: "PeakAVX512", path: "Sources/Kernels/AVX512", swiftSettings: avx512),
    .target(name: "PeakAVX2", path: "Sources/Kernels/AVX2", swiftSettings: avx2),
    .executableTarget(
      name: "limits", dependencies: ["PeakAVX512", "PeakAVX2"], path: "Sources/Limits"),
  ],
  swiftLanguageModes: [.v6]
)
