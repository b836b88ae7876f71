// swift-tools-version:6.2
import PackageDescription

// A package of its own, so that the other benchmarks need nothing of the project's.
let package = Package(
  name: "engine-benchmarks",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "apus", path: "../..")],
  targets: [
    .executableTarget(
      name: "engine-speed",
      dependencies: [
        .product(name: "Transformer", package: "apus"),
        .product(name: "Tokenizer", package: "apus"),
      ], path: "Sources/EngineSpeed")
  ],
  swiftLanguageModes: [.v6]
)
