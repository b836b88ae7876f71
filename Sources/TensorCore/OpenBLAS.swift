// The system's OpenBLAS, where the package was built with it.

#if OpenBLAS
  import COpenBLAS
#endif

/// Facts about the OpenBLAS that this build is linked with.
public enum OpenBLAS {
  /// Its version and build, nil in a build without it (package trait `OpenBLAS`).
  public static var version: String? {
    #if OpenBLAS
      openblas_get_config().map { String(cString: $0) }
    #else
      nil
    #endif
  }
}
