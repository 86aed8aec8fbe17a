import Foundation
import JSON

/// How this build compiles a module that uses the libraries of the package, as SwiftPM wrote it down: with the places of all modules,
/// C modules and macros. Guessed flags would be wrong with the next dependency; these are right as long as the build is.
struct BuildFlags {
  let compiler: String
  let flags: [String]
  /// Where the modules of this build are.
  let modules: String

  /// What takes how many arguments, of the flags that say where something is.
  private static let kept: [String: Int] = ["-I": 1, "-F": 1, "-Xcc": 1, "-target": 1, "-module-cache-path": 1, "-sdk": 1, "-plugin-path": 1, "-external-plugin-path": 1]

  /// The flags of the weather server, which uses macros, HTTP and ArgumentParser; nil where the tests were built in some other way.
  static let current: BuildFlags? = {
    guard let binary = SluiceBinary.path else { return nil }
    let products = URL(filePath: binary).resolvingSymlinksInPath().deletingLastPathComponent()
    let description = products.deletingLastPathComponent().deletingLastPathComponent().appending(path: products.lastPathComponent + ".yaml")
    guard let text = try? String(contentsOf: description, encoding: .utf8) else { return nil }
    for line in text.split(separator: "\n") where line.contains("\"-module-name\",\"weather_server\",\"-emit-dependencies\"") {
      guard let start = line.firstIndex(of: "["), let words = try? JSONValue(parsing: String(line[start...])).array?.compactMap(\.string),
        let flags = BuildFlags(words), flags.hasModules(["MCP", "MCPHTTP", "MCPTesting", "MCPToolMacros", "ArgumentParser"])
      else { continue }
      return flags
    }
    return nil
  }()

  private init?(_ words: [String]) {
    guard let compiler = words.first else { return nil }
    var flags: [String] = []
    var modules: String?
    var rest = words.dropFirst()
    while let word = rest.popFirst() {
      if word == "-Xfrontend", rest.first == "-load-plugin-executable", rest.count >= 3 {
        flags += [word] + rest.prefix(3)
        rest = rest.dropFirst(3)
      } else if let count = Self.kept[word], rest.count >= count {
        if word == "-I", modules == nil { modules = rest.first }
        flags += [word] + rest.prefix(count)
        rest = rest.dropFirst(count)
      }
    }
    guard let modules else { return nil }
    self.compiler = compiler
    self.flags = flags
    self.modules = modules
  }

  private func hasModules(_ names: [String]) -> Bool {
    names.allSatisfy { FileManager.default.fileExists(atPath: "\(modules)/\($0).swiftmodule") }
  }

  /// Checks the types of some files, and writes the module that they are where `module` says.
  ///
  /// - Returns: what the compiler says is wrong; empty where nothing is.
  func check(_ files: [String], name: String, searching directory: String, module: String? = nil) async throws -> String {
    let process = Process()
    process.executableURL = URL(filePath: compiler)
    process.arguments =
      (module.map { ["-emit-module", "-emit-module-path", $0] } ?? ["-typecheck"])
      + ["-module-name", name, "-parse-as-library", "-swift-version", "6", "-I", directory] + flags + files
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    process.standardInput = FileHandle.nullDevice
    try ProcessStart.run(process)
    let text = await offLoop { String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self) }
    await offLoop { process.waitUntilExit() }
    return process.terminationStatus == 0
      ? text.split(separator: "\n").filter { $0.contains("warning:") }.joined(separator: "\n") : text + "\nexit status \(process.terminationStatus)"
  }
}
