import Cedar
import Foundation

/// The reference implementation, as PyPI's `cedarpy` binds it, run once for a whole batch of questions.
enum Oracle {
  /// A Python that can import cedarpy: SLUICE_PYTHON, or `.build/venv` of this package.
  static let python: String? = {
    var candidates: [String] = []
    if let named = ProcessInfo.processInfo.environment["SLUICE_PYTHON"] { candidates.append(named) }
    var folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    while folder.path != "/" {
      candidates.append(folder.appendingPathComponent(".build/venv/bin/python").path)
      folder = folder.deletingLastPathComponent()
    }
    return candidates.first { candidate in
      FileManager.default.isExecutableFile(atPath: candidate) && (try? run(candidate, ["-c", "import cedarpy"])) != nil
    }
  }()

  static var isPresent: Bool { python != nil }

  private static let script = """
    import cedarpy, json, re, sys
    def answer(question):
        try:
            policies = cedarpy.PolicySet.from_str(question["policies"])
        except Exception as problem:
            return {"parsed": False, "problem": str(problem)[:300]}
        if "requests" not in question:
            return {"parsed": True}
        entities = cedarpy.Entities.from_json_str(json.dumps(question["entities"]))
        results = cedarpy.is_authorized_batch(question["requests"], policies, entities)
        named = lambda errors: sorted(set(re.search(r"policy `(policy[0-9]+)`", e).group(1) for e in errors))
        return {"parsed": True, "results": [
            {"decision": r.decision.value.lower(), "reasons": sorted(r.diagnostics.reasons),
             "errors": named(r.diagnostics.errors)} for r in results]}
    for line in open(sys.argv[1], encoding="utf-8"):
        print(json.dumps(answer(json.loads(line))))
    """

  /// Puts all questions to one process; one answer each.
  static func answers(to questions: [CedarJSON]) throws -> [CedarJSON] {
    guard let python else { throw CocoaError(.featureUnsupported) }
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("cedar-questions-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: file) }
    try Data(questions.map(\.encoded).joined(separator: "\n").utf8).write(to: file)
    let output = try run(python, ["-c", script, file.path])
    return try output.split(separator: UInt8(ascii: "\n")).map { try JSONText.parse($0) }
  }

  private static func run(_ executable: String, _ arguments: [String]) throws -> Data {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: executable)
    process.arguments = arguments
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw CocoaError(.executableLoad) }
    return data
  }
}
