import Foundation
import Testing

@Suite("Coverage of the specification")
struct SpecCoverageTests {
  private static let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  private static let manifest = Result { try Manifest(folder: tests.appending(path: "SpecCoverageTests/Requirements")) }

  @Test("Every line of the manifest is a requirement, numbered without holes")
  func wellFormed() throws {
    let manifest = try Self.manifest.get()
    #expect(manifest.problems == [])
    for page in manifest.pages {
      let numbers = manifest.requirements.filter { $0.page == page }.map(\.number)
      #expect(numbers == Array(1...numbers.count), "\(page)")
    }
    for requirement in manifest.requirements {
      #expect(Manifest.sides.contains(requirement.side), "\(requirement.id): unknown side \(requirement.side)")
      #expect(!requirement.text.isEmpty && requirement.hash.count == 8, "\(requirement.id): no text or no hash")
    }
  }

  @Test("Every requirement has a test, a reason or a gap that says what is missing")
  func standing() throws {
    let manifest = try Self.manifest.get()
    for requirement in manifest.requirements {
      #expect(!requirement.evidence.isEmpty, "\(requirement.id) has no evidence: \(requirement.text)")
      if requirement.standing == .notOurs {
        #expect(manifest.reasons[requirement.evidence] != nil, "\(requirement.id): reasons.tsv has no \(requirement.evidence)")
      }
    }
    let used = Set(manifest.requirements.filter { $0.standing == .notOurs }.map(\.evidence))
    #expect(used.isSuperset(of: manifest.reasons.keys), "reasons that nothing uses: \(Set(manifest.reasons.keys).subtracting(used))")
  }

  @Test("Every test that the manifest names is there")
  func testsExist() throws {
    let known = try TestSources(folder: Self.tests).tests
    for requirement in try Self.manifest.get().requirements {
      for test in requirement.tests where !known.contains(test) {
        Issue.record("\(requirement.id) names a test that is not there: \(test.text)")
      }
    }
  }

  @Test("Both revisions are there with all their sections, and the extension that has a page")
  func complete() throws {
    let pages = try Self.manifest.get().pages
    for revision in ["2026-07-28", "2025-11-25"] {
      for section in ["basic/", "server/", "client/"] {
        #expect(pages.contains { $0.hasPrefix("\(revision)/\(section)") }, "\(revision)/\(section)")
      }
    }
    #expect(pages.contains("2026-07-28/extensions/tasks"))
  }

  @Test("Tests are found by sentence and by function, unless they are off")
  func scanning() {
    let source = """
      @Test("One thing", arguments: [1]) func one() {}
      @Test(
        "Another: thing, with a comma",
        arguments: ["x"])
      func another(_ x: String) {}
      @Test func plain() {}
      @Test("Never", .disabled("why")) func never() {}
      """
    #expect(TestSources.names(in: source) == ["one", "One thing", "another", "Another: thing, with a comma", "plain"])
  }

  /// 2026-07-28, basic, "Error Codes": -32099...-32020 holds the codes that the specification defines, -32019...-32000 no new ones.
  @Test("No error code in the sources is one that the specification reserves or has retired")
  func errorCodes() throws {
    let sources = Self.tests.deletingLastPathComponent().appending(path: "Sources")
    // -32002 is what legacy clients are told of a resource that is not there, -32042 that a URL must be visited first.
    let known: Set<Int> = [-32700, -32600, -32601, -32602, -32603, -32002, -32020, -32021, -32022, -32042]
    let files = FileManager.default.enumerator(atPath: sources.path(percentEncoded: false))?.compactMap { $0 as? String } ?? []
    var found: Set<Int> = []
    for file in files where file.hasSuffix(".swift") {
      let text = try String(contentsOf: sources.appending(path: file), encoding: .utf8)
      for code in text.matches(of: /-32\d{3}\b/).compactMap({ Int($0.output) }) where (-32768 ... -32000).contains(code) {
        #expect(known.contains(code), "\(file): \(code)")
        found.insert(code)
      }
    }
    #expect(found.isSuperset(of: [-32700, -32602, -32020]), "the codes are where this test looks")
  }

  @Test("docs/spec-coverage.md is what the manifest says")
  func document() throws {
    let text = CoverageDocument(manifest: try Self.manifest.get()).text
    let file = Self.tests.deletingLastPathComponent().appending(path: "docs/spec-coverage.md")
    if ProcessInfo.processInfo.environment["SLUICE_UPDATE_GOLDEN"] == "1" { try text.write(to: file, atomically: true, encoding: .utf8) }
    let written = try? String(contentsOf: file, encoding: .utf8)
    // Not compared in the expectation itself: the text is long.
    let isSame = written == text
    #expect(isSame, "docs/spec-coverage.md is out of date: run SLUICE_UPDATE_GOLDEN=1 swift test --filter SpecCoverageTests")
  }
}
