import Foundation
import Testing

@Suite("The articles of the documentation")
struct ArticleTests {
  @Test("every Swift block is a part of a file that is compiled")
  func blocks() throws {
    let regions = try SnippetRegion.all()
    let blocks = try ArticleBlock.all()
    #expect(blocks.count > 20)
    for block in blocks {
      let place = "\(block.article):\(block.line)"
      guard let name = block.snippet else {
        Issue.record("\(place): no line <!-- snippet: NAME --> before the block")
        continue
      }
      guard let region = regions[name]?.first else {
        Issue.record("\(place): no compiled file has a snippet \(name)")
        continue
      }
      #expect(block.text == region.text, "\(place): differs from the snippet \(name) in \(region.file)")
    }
  }

  @Test("every snippet has a name of its own and is in an article")
  func used() throws {
    let used = Set(try ArticleBlock.all().compactMap(\.snippet))
    for (name, regions) in try SnippetRegion.all() {
      #expect(regions.count == 1, "\(name) is in \(regions.map(\.file))")
      #expect(used.contains(name), "no article shows the snippet \(name) of \(regions[0].file)")
    }
  }

  /// `Package.swift` of a user, as the first article shows it.
  @Test("the manifest that is shown is one that the package manager reads", .timeLimit(.minutes(10)))
  func manifest() async throws {
    let article = try String(contentsOf: SnippetRegion.root.appending(path: "Sources/MCP/MCP.docc/FirstServer.md"), encoding: .utf8)
    let start = try #require(article.range(of: "// swift-tools-version"))
    let end = try #require(article[start.lowerBound...].range(of: "\n```"))
    let folder = FileManager.default.temporaryDirectory.appending(path: "manifest-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try String(article[start.lowerBound..<end.lowerBound]).write(to: folder.appending(path: "Package.swift"), atomically: true, encoding: .utf8)

    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["swift", "package", "dump-package", "--package-path", folder.path]
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    #expect(text.contains("\"MCPToolMacros\""))
  }
}
