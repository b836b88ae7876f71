// swift-tools-version:6.2
import PackageDescription

// Imports are internal unless a signature needs them.
let plain: [SwiftSetting] = [.enableUpcomingFeature("InternalImportsByDefault")]

// Kernels stay optimised in debug builds: an unoptimised kernel makes every test crawl.
let kernel: [SwiftSetting] =
  [.unsafeFlags(["-Ounchecked"]), .enableExperimentalFeature("Extern")] + plain

// Loops over weights and vocabularies crawl without optimisation, in debug builds too.
let optimised: [SwiftSetting] =
  [.unsafeFlags(["-O"], .when(configuration: .debug))] + plain

// One target per instruction set. The flag is per target, so no code compiled for a newer
// processor can end up on the path of an older one. Elsewhere their tables are nil, and what they
// would share is left out.
#if arch(x86_64) && !os(macOS)
  let avx2: [SwiftSetting] =
    kernel + [.unsafeFlags(["-Xcc", "-march=haswell"]), .define("FOUR_TOKEN_TILES")]
  let avx512: [SwiftSetting] =
    kernel + [.unsafeFlags(["-Xcc", "-march=cascadelake"]), .define("TWELVE_TOKEN_TILES")]
  let withoutSets: [String] = []
#else
  let avx2 = kernel
  let avx512 = kernel
  let withoutSets = ["Shared"]
#endif

let package = Package(
  name: "apus",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "Transformer", targets: ["Transformer"]),
    .library(name: "Tokenizer", targets: ["Tokenizer"]),
    .library(name: "Constraints", targets: ["Constraints"]),
    .library(name: "TensorCore", targets: ["TensorCore"]),
    .library(name: "Metering", targets: ["Metering"]),
    .library(name: "APIServer", targets: ["APIServer"]),
    .executable(name: "apus", targets: ["apus"]),
  ],
  traits: [
    .trait(name: "OpenBLAS", description: "A word about the system's OpenBLAS in `apus doctor`."),
    .trait(
      name: "PostgreSQL",
      description: "A ledger of several nodes in PostgreSQL, by the system's libpq."),
    .default(enabledTraits: ["OpenBLAS"]),
  ],
  dependencies: [
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    .systemLibrary(
      name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),

    .systemLibrary(name: "CPQ"),

    .target(name: "JSON"),
    .target(name: "Audio", swiftSettings: optimised),
    .target(name: "KernelInterface", swiftSettings: kernel),
    .target(
      name: "KernelsPortable", dependencies: ["KernelInterface"], path: "Sources/Kernels/Portable",
      swiftSettings: kernel),
    .target(
      name: "KernelsAVX2", dependencies: ["KernelInterface"], path: "Sources/Kernels/AVX2",
      exclude: withoutSets,
      swiftSettings: avx2),
    .target(
      name: "KernelsAVX512", dependencies: ["KernelInterface"], path: "Sources/Kernels/AVX512",
      exclude: withoutSets,
      swiftSettings: avx512),
    .target(
      name: "TensorCore",
      dependencies: [
        "KernelInterface", "KernelsPortable", "KernelsAVX2", "KernelsAVX512",
      ], swiftSettings: optimised),
    .target(
      name: "Tokenizer", dependencies: ["JSON"],
      swiftSettings: [.unsafeFlags(["-O"], .when(configuration: .debug))]),
    .target(name: "Constraints", dependencies: ["JSON"], swiftSettings: optimised),
    .target(
      name: "Transformer",
      dependencies: ["KernelInterface", "TensorCore", "Tokenizer", "Constraints", "JSON"],
      swiftSettings: optimised),
    .target(
      name: "Metering",
      dependencies: [
        "COpenSSL", .target(name: "CPQ", condition: .when(traits: ["PostgreSQL"])),
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "GRDBSQLite", package: "GRDB.swift"),
      ]),
    .target(
      name: "APIServer",
      dependencies: [
        "Audio", "Transformer", "Tokenizer", "Constraints", "Metering", "JSON", "COpenSSL",
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ]),
    .executableTarget(
      name: "apus",
      dependencies: [
        "APIServer", "Audio", "Transformer", "TensorCore", "Tokenizer", "Constraints", "Metering",
        "JSON", "COpenSSL",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ]),
    .executableTarget(
      name: "EmbeddingExample", dependencies: ["Transformer"], path: "Examples/Embedding"),
    .executableTarget(
      name: "TypedOutputExample", dependencies: ["Transformer"], path: "Examples/TypedOutput"),
    .executableTarget(
      name: "ToolsExample", dependencies: ["Transformer"], path: "Examples/Tools"),
    .executableTarget(
      name: "StreamingExample", dependencies: ["Transformer"], path: "Examples/Streaming"),

    // No products: they are built with the tests, and by name for benchmarks.
    .executableTarget(
      name: "StubServer",
      dependencies: [
        "APIServer", "Metering", "Transformer", "Tokenizer", "Constraints", "JSON",
        .product(name: "Logging", package: "swift-log"),
      ], path: "Benchmarks/overhead/StubServer"),

    .executableTarget(
      name: "MeteringBenchmark", dependencies: ["Metering"], path: "Benchmarks/metering"),

    // Linked, and imported by nobody: the compiler must not see what the linker takes from it.
    .target(name: "SeenMutex", path: "Tests/SeenMutex"),
    .target(name: "TestSupport", dependencies: ["JSON", "SeenMutex"], path: "Tests/TestSupport"),
    .testTarget(name: "JSONTests", dependencies: ["JSON", "TestSupport"]),
    .testTarget(name: "AudioTests", dependencies: ["Audio", "TestSupport"]),
    .testTarget(
      name: "KernelTests",
      dependencies: [
        "KernelInterface", "KernelsPortable", "KernelsAVX2", "KernelsAVX512", "TensorCore",
        "TestSupport",
      ]),
    .testTarget(
      name: "TensorCoreTests", dependencies: ["TensorCore", "KernelInterface", "TestSupport"]),
    .testTarget(name: "ConstraintsTests", dependencies: ["Constraints", "JSON", "TestSupport"]),
    .testTarget(name: "TokenizerTests", dependencies: ["Tokenizer", "JSON", "TestSupport"]),
    .testTarget(
      name: "TransformerTests",
      dependencies: [
        "Audio", "Transformer", "TensorCore", "KernelInterface", "Tokenizer", "Constraints", "JSON",
        "TestSupport",
      ]),
    .testTarget(
      name: "MeteringTests",
      dependencies: [
        "JSON", "Metering", "TestSupport", "MeteringCrashChild",
        .product(name: "GRDB", package: "GRDB.swift"),
      ]),
    .executableTarget(
      name: "MeteringCrashChild",
      dependencies: [
        "Metering", "TestSupport", .product(name: "GRDBSQLite", package: "GRDB.swift"),
      ],
      path: "Tests/MeteringCrashChild"),
    .executableTarget(
      name: "PostgreSQLCheck", dependencies: ["Metering", "TestSupport"],
      path: "Tests/PostgreSQLCheck"),
    .executableTarget(
      name: "DecodeCounterChild", dependencies: ["Transformer", "Constraints"],
      path: "Tests/DecodeCounterChild"),
    .testTarget(
      name: "APIServerTests",
      dependencies: [
        "APIServer", "TestSupport", "Transformer", "TensorCore", "Tokenizer", "Constraints",
        "Metering",
        "JSON",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ]),
    .executableTarget(
      name: "LeakingServer",
      dependencies: [
        "APIServer", "Transformer", "Tokenizer", "Constraints", "Metering", "JSON",
        .product(name: "Logging", package: "swift-log"),
      ], path: "Tests/LeakingServer"),
    .testTarget(
      name: "EndToEndTests",
      dependencies: [
        "TestSupport", "JSON", "Transformer", "Constraints", "Metering", "apus", "EmbeddingExample",
        "TypedOutputExample", "ToolsExample", "StreamingExample", "LeakingServer",
      ]),
  ],
  swiftLanguageModes: [.v6]
)

// The documentation's plugin is for those who write documentation: `APUS_DOCC=1 swift package
// generate-documentation --target Transformer`.
if Context.environment["APUS_DOCC"] != nil {
  package.dependencies.append(
    .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"))
}
