import Foundation
import FuzzTargets
import JSON
import NIOCore
import Testing

/// The JSON scanner against Python's: both accept the same texts, where the text does not repeat a name.
@Suite("JSON and Python", .enabled(if: python != nil, "no python3: the JSON scanner was not compared with Python's")) struct PythonOracleTests {
  @Test("mutations of JSON texts are accepted by both or by neither", arguments: UInt64(1)...2)
  func agree(seed: UInt64) throws {
    var mutator = Mutator(.json, seeds: Seeds.of(.json).map(\.bytes), seed: seed)
    let texts = (0..<4000).map { _ in mutator.next() }
    let verdicts = try askPython(texts)
    #expect(verdicts.count == texts.count)
    var accepted = 0
    for (text, verdict) in zip(texts, verdicts) {
      let isAccepted: Bool
      do {
        _ = try RawJSON(scanning: ByteBuffer(bytes: text), limits: JSONLimits(depth: 100_000, allowsDuplicateKeys: true))
        isAccepted = true
      } catch { isAccepted = false }
      if isAccepted { accepted += 1 }
      #expect(isAccepted == (verdict == "accepted"), "Python: \(verdict); \(text)")
    }
    #expect(accepted > 100)
  }

  /// RFC 8259 by Python's `json`, its extensions (NaN, lone surrogates, byte order marks) refused.
  private static let program = """
    import json, sys

    sys.setrecursionlimit(20000)

    def refuse(word):
        raise ValueError(word)

    for line in sys.stdin:
        try:
            value = json.loads(bytes.fromhex(line).decode("utf-8"), parse_constant=refuse, parse_int=str, parse_float=str)
            json.dumps(value, ensure_ascii=False).encode("utf-8")
            print("accepted")
        except (ValueError, RecursionError) as error:
            print(type(error).__name__)
    """

  private func askPython(_ texts: [[UInt8]]) throws -> [String] {
    let folder = FileManager.default.temporaryDirectory.appending(path: "sluice-fuzz-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let (input, output) = (folder.appending(path: "input"), folder.appending(path: "output"))
    try Data(texts.map { $0.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() + "\n" }.joined().utf8).write(to: input)
    try Data().write(to: output)
    let process = Process()
    process.executableURL = URL(filePath: try #require(python))
    process.arguments = ["-c", Self.program]
    process.standardInput = try FileHandle(forReadingFrom: input)
    process.standardOutput = try FileHandle(forWritingTo: output)
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return String(decoding: try Data(contentsOf: output), as: UTF8.self).split(separator: "\n").map(String.init)
  }
}

/// An interpreter; its standard library is enough.
private let python: String? = {
  let environment = ProcessInfo.processInfo.environment
  let folders = (environment["PATH"] ?? "/usr/bin:/usr/local/bin").split(separator: ":").map { "\($0)/python3" }
  return ([environment["SLUICE_PYTHON"]].compactMap(\.self) + folders).first { FileManager.default.isExecutableFile(atPath: $0) }
}()
