import Foundation
import JSON
import NIOCore
import Testing

/// The project's shared folder of third-party test data, beside the checkout.
private let shared: URL = {
  if let path = ProcessInfo.processInfo.environment["SLUICE_SHARED"] { return URL(filePath: path) }
  return URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "shared")
}()

private let suite = shared.appending(path: "data/json-parsing/test_parsing")
private let suiteIsPresent = FileManager.default.fileExists(atPath: suite.path())

private func cases(_ prefix: String) -> [String] {
  ((try? FileManager.default.contentsOfDirectory(atPath: suite.path())) ?? []).filter { $0.hasPrefix(prefix) }.sorted()
}

private func scan(_ name: String, duplicates: Bool = false) throws -> RawJSON {
  let data = try Data(contentsOf: suite.appending(path: name))
  return try RawJSON(scanning: ByteBuffer(bytes: data), limits: JSONLimits(allowsDuplicateKeys: duplicates))
}

@Suite("The JSON parsing test suite", .enabled(if: suiteIsPresent, "shared/data/json-parsing is not present: RFC 8259 conformance not tested"))
struct JSONParsingSuiteTests {
  @Test("accepts what RFC 8259 accepts", arguments: cases("y_"))
  func accepts(name: String) throws {
    let value = try scan(name, duplicates: name.contains("duplicated_key"))
    #expect(JSONValue(value).raw.kind == value.kind)
  }

  @Test("rejects what RFC 8259 rejects", arguments: cases("n_"))
  func rejects(name: String) {
    #expect(throws: JSONError.self) { try scan(name) }
  }

  @Test("answers the implementation-defined cases without a crash", arguments: cases("i_"))
  func survives(name: String) { _ = try? scan(name) }
}
