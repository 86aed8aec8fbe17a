internal import NIOPosix

/// Work that may keep a thread for long: files, and the programs that read documents. It has threads of its own, so that what the process
/// shares, where tokens are loaded, goes on beside it.
package enum BlockingWork {
  private static let threads: NIOThreadPool = {
    let threads = NIOThreadPool(numberOfThreads: 8)
    threads.start()
    return threads
  }()

  package static func run<Value: Sendable>(_ work: @escaping @Sendable () throws(VendorError) -> Value) async throws(VendorError) -> Value {
    let outcome: Result<Value, VendorError>
    do {
      outcome = try await threads.runIfActive { () -> Result<Value, VendorError> in
        do throws(VendorError) { return .success(try work()) } catch { return .failure(error) }
      }
    } catch { throw VendorError(.cancelled, "The request was cancelled.") }
    return try outcome.get()
  }
}
