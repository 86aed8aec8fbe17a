internal import ConnectorKit

/// Looks at all files again and again, and tells what is not as it was: where the kernel does not tell, as on network file systems.
struct PollingWatch: FileWatch {
  let files: FileSystem
  let interval: Duration

  /// What was seen of a file or directory. Of a directory it counts only that it is there: its entries are looked at themselves.
  private struct Sight: Sendable, Equatable {
    let kind: FileInfo.Kind
    let version: FileVersion?

    init(_ info: FileInfo) {
      kind = info.kind
      version = info.kind == .directory ? nil : info.version
    }
  }

  /// What is below one root.
  private struct Look: Sendable {
    var seen: [FilePath: Sight] = [:]
    /// Whether there is no more than what was looked at.
    var isWhole = false
  }

  func follow(_ changed: @escaping @Sendable (FilePath, _ listChanged: Bool) -> Void) async {
    var known: [String: Look] = [:]
    while !Task.isCancelled {
      for root in files.roots.map(\.name) {
        // What cannot be read at the moment is not gone.
        guard let look = try? await look(FilePath(root: root, relative: "")) else { continue }
        if let before = known[root] { Self.tell(from: before, to: look, changed) }
        known[root] = look
      }
      do { try await Task.sleep(for: interval) } catch { return }
    }
  }

  private func look(_ root: FilePath) async throws(VendorError) -> Look {
    try await BlockingWork.run { [files] () throws(VendorError) in
      var look = Look()
      look.isWhole = try files.walk(root, depth: 64) { entry in
        look.seen[entry.path] = Sight(entry)
        return .next
      }
      return look
    }
  }

  private static func tell(from before: Look, to now: Look, _ changed: (FilePath, _ listChanged: Bool) -> Void) {
    for (path, sight) in now.seen where before.seen[path] != sight { changed(path, before.seen[path]?.kind != sight.kind) }
    guard now.isWhole else { return }
    for path in before.seen.keys where now.seen[path] == nil { changed(path, true) }
  }
}
