import Foundation

/// The data that the reference implementation is tested with, outside this repository.
enum SharedData {
  /// `shared/data/cedar` next to the project, or below the folder named by SLUICE_SHARED; nil if it is not there.
  static let cedar: URL? = {
    var candidates: [URL] = []
    if let named = ProcessInfo.processInfo.environment["SLUICE_SHARED"] {
      candidates.append(URL(fileURLWithPath: named))
    }
    var folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    while folder.path != "/" {
      candidates.append(folder.appendingPathComponent("../shared").standardizedFileURL)
      folder = folder.deletingLastPathComponent()
    }
    return candidates.map { $0.appendingPathComponent("data/cedar") }
      .first { FileManager.default.fileExists(atPath: $0.appendingPathComponent("corpus.tar.gz").path) }
  }()

  static var isPresent: Bool { cedar != nil }

  /// The corpus, unpacked once into the temporary folder and used again by later runs.
  static let corpus: Result<URL, any Error> = Result {
    guard let cedar else { throw CocoaError(.fileNoSuchFile) }
    let archive = cedar.appendingPathComponent("corpus.tar.gz")
    let size = try archive.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sluice-cedar-corpus-\(size)")
    if FileManager.default.fileExists(atPath: folder.path) { return folder }
    // Unpacked beside and then renamed, so that a run that is cut short or goes on at the same time does no harm.
    let partial = folder.appendingPathExtension("\(ProcessInfo.processInfo.processIdentifier)")
    try FileManager.default.createDirectory(at: partial, withIntermediateDirectories: true)
    let tar = Process()
    tar.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    tar.arguments = ["tar", "xzf", archive.path, "-C", partial.path]
    try tar.run()
    tar.waitUntilExit()
    guard tar.terminationStatus == 0 else { throw CocoaError(.fileReadUnknown) }
    do { try FileManager.default.moveItem(at: partial, to: folder) } catch {
      try? FileManager.default.removeItem(at: partial)
    }
    return folder
  }
}
