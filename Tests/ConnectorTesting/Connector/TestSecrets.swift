internal import Foundation
internal import Synchronization

/// Secrets of one test in files of a folder of its own, and the references by which settings speak of them.
public final class TestSecrets: Sendable {
  private let folder: URL
  /// The values that were written, each at least eight characters. Guarded by the mutex.
  private let state = Mutex<[String]>([])

  public init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "sluice-secrets-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  /// What must stand nowhere.
  public var values: [String] { state.withLock { $0 } }

  /// Writes a secret, or writes it anew.
  ///
  /// - Returns: `${file:...}`
  public func reference(_ name: String, _ value: String) throws -> String {
    let file = folder.appending(path: name)
    try Data(value.utf8).write(to: file)
    if value.utf8.count >= 8 { state.withLock { $0.append(value) } }
    return "${file:\(file.path)}"
  }

  /// Another text that must stand nowhere, such as a token that the vendor grants.
  public func guardText(_ value: String) { state.withLock { $0.append(value) } }
}
