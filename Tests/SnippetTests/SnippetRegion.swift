import Foundation

/// A part of a Swift file that is compiled with the package, between `// snippet: NAME` and `// snippet end`.
struct SnippetRegion: Sendable {
  let name: String
  let file: String
  let text: String

  /// The folder of the package.
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// The regions of all examples and tests, by name. A name that is there twice keeps both, which a test reports.
  static func all() throws -> [String: [SnippetRegion]] {
    var found: [String: [SnippetRegion]] = [:]
    for folder in ["Examples", "Tests/SnippetTests", "Tests/MCPHummingbirdTests"] {
      let files = FileManager.default.enumerator(at: root.appending(path: folder), includingPropertiesForKeys: nil)
      while let file = files?.nextObject() as? URL {
        guard file.pathExtension == "swift" else { continue }
        for region in regions(of: try String(contentsOf: file, encoding: .utf8), in: file.lastPathComponent) { found[region.name, default: []].append(region) }
      }
    }
    return found
  }

  private static func regions(of text: String, in file: String) -> [SnippetRegion] {
    var regions: [SnippetRegion] = []
    var open: (name: String, lines: [Substring])?
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      let mark = line.trimmingCharacters(in: .whitespaces)
      if mark.hasPrefix("// snippet: ") {
        open = (String(mark.dropFirst("// snippet: ".count)), [])
      } else if mark == "// snippet end", let done = open {
        regions.append(SnippetRegion(name: done.name, file: file, text: dedented(done.lines)))
        open = nil
      } else {
        open?.lines.append(line)
      }
    }
    return regions
  }

  /// The lines without the indentation that all of them have.
  private static func dedented(_ lines: [Substring]) -> String {
    let indentation = lines.filter { !$0.allSatisfy(\.isWhitespace) }.map { $0.prefix { $0 == " " }.count }.min() ?? 0
    return lines.map { $0.dropFirst(min(indentation, $0.count)) }.joined(separator: "\n")
  }
}

/// A Swift code block of an article, and the region that the comment before it names.
struct ArticleBlock: Sendable {
  let article: String
  let line: Int
  /// From `<!-- snippet: NAME -->` on the line before the block.
  let snippet: String?
  let text: String

  static func all() throws -> [ArticleBlock] {
    let catalog = SnippetRegion.root.appending(path: "Sources/MCP/MCP.docc")
    let pages = ["docs/sdk.md", "docs/testing-servers.md"].map { SnippetRegion.root.appending(path: $0) }
    let articles = try FileManager.default.contentsOfDirectory(at: catalog, includingPropertiesForKeys: nil).filter { $0.pathExtension == "md" }
    return try (articles + pages).flatMap { file in
      blocks(of: try String(contentsOf: file, encoding: .utf8), in: file.lastPathComponent)
    }
  }

  private static func blocks(of text: String, in article: String) -> [ArticleBlock] {
    var blocks: [ArticleBlock] = []
    var snippet: String?
    var open: (line: Int, lines: [Substring])?
    for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      if let block = open {
        guard line == "```" else {
          open?.lines.append(line)
          continue
        }
        blocks.append(ArticleBlock(article: article, line: block.line, snippet: snippet, text: block.lines.joined(separator: "\n")))
        (open, snippet) = (nil, nil)
      } else if line.hasPrefix("```swift") {
        open = (number + 1, [])
      } else if line.hasPrefix("<!-- snippet: "), line.hasSuffix(" -->") {
        snippet = String(line.dropFirst("<!-- snippet: ".count).dropLast(" -->".count))
      } else if !line.isEmpty {
        snippet = nil
      }
    }
    return blocks
  }
}
