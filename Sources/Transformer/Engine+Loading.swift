// An engine from a file, without blocking whoever waits for it.

extension Engine {
  /// Loads a model on a thread of its own and starts an engine for it.
  ///
  /// - Parameters:
  ///   - path: a GGUF file, or the first of its parts.
  ///   - options: how the model is loaded.
  ///   - engineOptions: how the engine works.
  ///   - progress: is called now and then with the part done, 0...1, on that thread.
  /// - Throws: as `Model.load` and `Engine.init`, or `CancellationError` soon after the task was
  ///   cancelled.
  public static func load(
    _ path: String, model options: ModelOptions = ModelOptions(),
    engine engineOptions: EngineOptions = EngineOptions(),
    progress: @escaping @Sendable (Double) -> Void = { _ in }
  ) async throws -> Engine {
    let flag = CancellationFlag()
    return try await withTaskCancellationHandler {
      try await onOwnThread {
        let model = try Model.load(path, options: options, progress: progress) { flag.isSet }
        return try Engine(model, options: engineOptions)
      }
    } onCancel: {
      flag.set()
    }
  }
}
