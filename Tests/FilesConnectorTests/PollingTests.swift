import Testing

@testable import FilesConnector

@Suite("What looking at files again and again tells")
struct PollingTests {
  private func path(_ relative: String) -> FilePath { FilePath(root: "docs", relative: relative) }

  private func look(_ entries: [String: FileInfo.Kind], skipped: [String] = []) -> PollingWatch.Look {
    var look = PollingWatch.Look(isWhole: true, skipped: Set(skipped.map { path($0) }))
    for (name, kind) in entries { look.seen[path(name)] = PollingWatch.Sight(FileInfo(path(name), kind, bytes: 1)) }
    return look
  }

  private func told(_ before: PollingWatch.Look, _ now: PollingWatch.Look) -> Set<String> {
    var told: Set<String> = []
    PollingWatch.tell(from: before, to: now) { path, _ in told.insert(path.description) }
    return told
  }

  @Test("What is below a directory that cannot be read for a moment is neither gone nor new; what is gone elsewhere is told")
  func skipped() {
    let all: [String: FileInfo.Kind] = ["a": .directory, "a/b": .directory, "a/b/one": .file, "a/b/two": .file, "ab": .file]
    let before = look(all)
    var during = look(["a": .directory], skipped: ["a"])
    during.keep(before)
    #expect(told(before, during) == ["docs/ab"])
    let after = look(["a": .directory, "a/b": .directory, "a/b/one": .file])
    #expect(told(during, after) == ["docs/a/b/two"])
    #expect(told(before, look([:])) == Set(all.keys.map { "docs/\($0)" }))
  }
}
