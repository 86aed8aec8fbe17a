import FuzzTargets

/// The inputs kept with the project.
enum Seeds {
  /// Fuzz/Seeds
  static let folder = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined() + "/Fuzz/Seeds"

  static func of(_ target: FuzzTarget) -> [SeedFolder.Input] { SeedFolder("\(folder)/\(target.name)").inputs }
}
