import Foundation

/// A folder of one test, gone with it.
final class TestFolder: Sendable {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appending(path: "sluice-kit-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func permissions(below folder: String) throws -> [Int] {
    try FileManager.default.contentsOfDirectory(atPath: path + "/" + folder).map {
      try FileManager.default.attributesOfItem(atPath: path + "/" + folder + "/" + $0)[.posixPermissions] as? Int ?? 0
    }
  }
}
