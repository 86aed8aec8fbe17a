internal import ConnectorKit

/// Looks at all files again and again, and tells what is not as it was: where the kernel does not tell, as on network file systems.
struct PollingWatch: FileWatch {
  let files: FileSystem
  let interval: Duration

  /// What was seen of a file or directory. Of a directory it counts only that it is there: its entries are looked at themselves.
  struct Sight: Sendable, Equatable {
    let kind: FileInfo.Kind
    let version: FileVersion?

    init(_ info: FileInfo) {
      kind = info.kind
      version = info.kind == .directory ? nil : info.version
    }
  }

  /// What is below one root.
  struct Look: Sendable {
    var seen: [FilePath: Sight] = [:]
    /// Whether there is no more than what was looked at.
    var isWhole = false
    /// Directories that could not be read.
    var skipped: Set<FilePath> = []

    /// Takes over what was seen before below directories that cannot be read at the moment: it is not gone, nor new when they can be read again.
    mutating func keep(_ before: Look) {
      if skipped.isEmpty { return }
      for (path, sight) in before.seen where seen[path] == nil && isBelowSkipped(path) { seen[path] = sight }
    }

    private func isBelowSkipped(_ path: FilePath) -> Bool {
      var path = path
      while !path.relative.isEmpty {
        path = path.parent
        if skipped.contains(path) { return true }
      }
      return false
    }
  }

  /// Looking takes at most a twentieth of the time, however slow the file system is.
  private static let rest = 20

  func follow(_ changed: @escaping @Sendable (FilePath, _ listChanged: Bool) -> Void) async {
    var known: [String: Look] = [:]
    while !Task.isCancelled {
      let start = ContinuousClock.now
      for root in files.roots.map(\.name) {
        // What cannot be read at the moment is not gone.
        guard var look = try? await look(FilePath(root: root, relative: "")) else { continue }
        if let before = known[root] {
          look.keep(before)
          Self.tell(from: before, to: look, changed)
        }
        known[root] = look
      }
      do { try await Task.sleep(for: max(interval, (ContinuousClock.now - start) * Self.rest)) } catch { return }
    }
  }

  private func look(_ root: FilePath) async throws(VendorError) -> Look {
    try await BlockingWork.run { [files] () throws(VendorError) in
      var look = Look()
      look.isWhole = try files.walk(root, depth: 64) { entry in
        look.seen[entry.path] = Sight(entry)
        return .next
      } skipped: { directory in
        look.skipped.insert(directory)
      }
      return look
    }
  }

  static func tell(from before: Look, to now: Look, _ changed: (FilePath, _ listChanged: Bool) -> Void) {
    for (path, sight) in now.seen where before.seen[path] != sight { changed(path, before.seen[path]?.kind != sight.kind) }
    guard now.isWhole else { return }
    for path in before.seen.keys where now.seen[path] == nil { changed(path, true) }
  }
}
