// The system's OpenBLAS, where there is one.

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Facts about the system's OpenBLAS, which is loaded when it is asked for and not before.
///
/// No program is linked with it: its threads start with the program that is, and each takes a whole
/// processor for the first tenth of a second, which is when a model is loaded.
public enum OpenBLAS {
  /// Its version and build, nil where there is none or the build leaves it out (package trait
  /// `OpenBLAS`). It starts as many threads as `OPENBLAS_NUM_THREADS` says, else one for each
  /// processor.
  public static var version: String? {
    #if OpenBLAS
      #if canImport(Darwin)
        let name = "libopenblas.dylib"
      #else
        let name = "libopenblas.so.0"
      #endif
      guard let library = dlopen(name, RTLD_NOW | RTLD_LOCAL),
        let symbol = dlsym(library, "openblas_get_config")
      else { return nil }
      typealias Configuration = @convention(c) () -> UnsafePointer<CChar>?
      return unsafeBitCast(symbol, to: Configuration.self)().map { String(cString: $0) }
    #else
      nil
    #endif
  }
}
