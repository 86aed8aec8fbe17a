internal import ConnectorKit
internal import JSON

/// An MCP bundle: a zip file with a manifest and the server (`.mcpb`).
struct MCPBundle {
  struct File {
    var path: String
    var content: [UInt8]
    var isExecutable = false
  }

  /// The most that a bundle may hold in all.
  static let sizeLimit = 2 << 30

  /// The bytes of a bundle. The manifest is checked before anything is made.
  static func make(_ manifest: JSONValue, _ files: [File]) throws -> [UInt8] {
    for file in files where !BundlePath.isInside(file.path) { throw CommandError("\(file.path) is no path inside of a bundle") }
    let paths = Set(files.map(\.path))
    let problems = BundleManifest.problems(manifest) { paths.contains($0) }
    guard problems.isEmpty else { throw CommandError("the manifest is not valid:\n" + problems.map { "  \($0)" }.joined(separator: "\n")) }
    var zip = ZipWriter()
    try zip.add("manifest.json", Array((manifest.prettyText + "\n").utf8), mode: 0o644)
    for file in files { try zip.add(file.path, file.content, mode: file.isExecutable ? 0o755 : 0o644) }
    return zip.finish()
  }

  /// What a bundle says of itself, and what is wrong with it.
  struct Report {
    var manifest: JSONValue = .null
    var problems: [String] = []
    var remarks: [String] = []
    var files = 0
    var bytes = 0
  }

  /// Reads a bundle whole: the zip file, the manifest, and the server that it names.
  static func check(_ bytes: [UInt8]) -> Report {
    var report = Report()
    do throws(ZipError) { try check(ZipReader(bytes), &report) } catch { report.problems.append("\(error)") }
    return report
  }

  private static func check(_ zip: ZipReader, _ report: inout Report) throws(ZipError) {
    var paths: Set<String> = []
    for entry in zip.entries {
      let path = entry.isDirectory ? String(entry.name.dropLast()) : entry.name
      if !BundlePath.isInside(path) { report.problems.append("\(entry.name): leads out of the bundle") }
      if entry.isSymbolicLink { report.problems.append("\(entry.name): is a symbolic link, which bundles may not hold") }
      if !paths.insert(entry.name).inserted { report.problems.append("\(entry.name): is there twice") }
      report.bytes += entry.size
    }
    report.files = zip.entries.count { !$0.isDirectory }
    guard report.bytes <= sizeLimit else {
      report.problems.append("the bundle has more than \(sizeLimit >> 30) GiB when unpacked")
      return
    }
    if zip.trailing > 0 { report.remarks.append("\(zip.trailing) bytes follow the zip file, a signature as a rule. It is not verified") }
    for entry in zip.entries where !entry.isDirectory && entry.name != "manifest.json" { _ = try zip.read(entry) }
    guard let entry = zip.entries.first(where: { $0.name == "manifest.json" }) else {
      report.problems.append("manifest.json: is missing at the top of the bundle")
      return
    }
    let text = String(validating: try zip.read(entry, limit: 4 << 20), as: UTF8.self)
    do throws(JSONError) { report.manifest = try JSONValue(parsing: text ?? "") } catch {
      report.problems.append("manifest.json: \(text == nil ? "is not UTF-8" : "is no valid JSON: \(error)")")
      return
    }
    report.problems += BundleManifest.problems(report.manifest) { paths.contains($0) }
    try checkServer(zip, &report)
  }

  private static func checkServer(_ zip: ZipReader, _ report: inout Report) throws(ZipError) {
    let server = report.manifest["server"]
    guard server?["type"] == "binary", let path = server?["entry_point"]?.string, let entry = zip.entries.first(where: { $0.name == path }) else { return }
    if entry.mode != 0, entry.mode & 0o111 == 0 { report.problems.append("\(path): is not executable") }
    let content = try zip.read(entry)
    guard let format = ExecutableFormat(content) else {
      report.problems.append("\(path): is no program for Linux, macOS or Windows")
      return
    }
    let platforms = report.manifest["compatibility"]?["platforms"]?.array?.compactMap(\.string) ?? []
    if !platforms.isEmpty, !platforms.contains(format.rawValue) {
      report.problems.append("\(path): is a program for \(format.rawValue), which compatibility.platforms does not name")
    }
    if ExecutableFormat.needsSwiftLibraries(content) { report.remarks.append(swiftLibraries(path)) }
  }

  static func swiftLibraries(_ path: String) -> String {
    "\(path) needs Swift's shared libraries, which most machines lack: build it with swift build -c release --static-swift-stdlib"
  }
}
