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

  /// The unpacked corpus, in a folder of this process's own.
  static let corpus: Result<URL, any Error> = Result {
    guard let cedar else { throw CocoaError(.fileNoSuchFile) }
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "cedar-corpus-\(ProcessInfo.processInfo.processIdentifier)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let tar = Process()
    tar.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    tar.arguments = ["tar", "xzf", cedar.appendingPathComponent("corpus.tar.gz").path, "-C", folder.path]
    try tar.run()
    tar.waitUntilExit()
    guard tar.terminationStatus == 0 else { throw CocoaError(.fileReadUnknown) }
    return folder
  }
}
