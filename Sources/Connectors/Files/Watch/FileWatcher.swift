internal import Logging

/// A way in which changes below the roots are noticed.
protocol FileWatch: Sendable {
  /// Follows changes until the task is cancelled.
  ///
  /// - Parameter changed: is told which path changed, and whether its directory has other entries than before.
  /// - Throws: why changes cannot be followed this way, or no longer.
  func follow(_ changed: @escaping @Sendable (FilePath, _ listChanged: Bool) -> Void) async throws(FileWatchError)
}

struct FileWatchError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// Tells which files change below the roots: as the kernel tells it (``InotifyWatch``) where it does, else by looking (``PollingWatch``).
struct FileWatcher: Sendable {
  let files: FileSystem
  let logger: Logger
  /// Seconds between two looks; nil to be told by the kernel where it can.
  let pollSeconds: Int?

  private static let standardSeconds = 10

  func follow(_ changed: @escaping @Sendable (FilePath, _ listChanged: Bool) -> Void) async {
    #if os(Linux)
      if pollSeconds == nil {
        do throws(FileWatchError) { return try await InotifyWatch(files: files).follow(changed) } catch {
          logger.warning("the kernel does not tell of changes of files: they are looked for", metadata: ["reason": "\(error)"])
          // What changed in between is not known.
          for root in files.roots { changed(FilePath(root: root.name, relative: ""), true) }
        }
      }
    #endif
    await PollingWatch(files: files, interval: .seconds(pollSeconds ?? Self.standardSeconds)).follow(changed)
  }
}
