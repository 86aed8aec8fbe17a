import Foundation
import Testing

@testable import Ledger

@Suite("Against independent implementations")
struct IndependentImplementationTests {
  /// Reads leaves in hex, then a key and a note; prints roots and proofs by pymerkle, and whether the note's signature holds.
  static let script = """
    import base64, json, sys, warnings
    warnings.simplefilter("ignore")
    from pymerkle import InmemoryTree
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    request = json.load(sys.stdin)
    tree = InmemoryTree(algorithm="sha256")
    for leaf in request["leaves"]:
        tree.append_entry(bytes.fromhex(leaf))
    answer = {"roots": [], "inclusion": []}
    root = getattr(tree, "get_root", None) or tree.get_state
    for size in request["sizes"]:
        answer["roots"].append(root(size).hex())
        for index in (0, size // 2, size - 1):
            answer["inclusion"].append(sorted(set(tree.prove_inclusion(index + 1, size).serialize()["path"])))
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(request["key"].split("+", 2)[2])[1:])
    text, signature = request["note"].split("\\n\\n")
    key.verify(base64.b64decode(signature.split(" ")[2])[4:], (text + "\\n").encode())
    answer["signature"] = True
    json.dump(answer, sys.stdout)
    """

  struct Answer: Decodable {
    let roots: [String]
    let inclusion: [[String]]
    let signature: Bool
  }

  @Test(
    "roots and inclusion proofs from tiles are those of pymerkle, and the checkpoint's signature verifies with Python's cryptography",
    .enabled(if: Python.has("pymerkle", "cryptography"), "SLUICE_PYTHON with pymerkle and cryptography not set: not compared"))
  func python() throws {
    let fixture = try LogFixture.filled(600)
    let reader = try LogReader(directory: fixture.directory)
    let sizes = [1, 2, 3, 5, 8, 100, 255, 256, 257, 511, 512, 513, 599, 600]
    let request: [String: Any] = [
      "leaves": (0..<600).map { hex(leaf($0)) }, "sizes": sizes, "key": try fixture.key.description,
      "note": reader.checkpoint.description,
    ]
    let output = try Python.run(Self.script, input: JSONSerialization.data(withJSONObject: request))
    let answer = try JSONDecoder().decode(Answer.self, from: output)
    #expect(answer.signature)
    var inclusion = answer.inclusion.makeIterator()
    for (position, size) in sizes.enumerated() {
      #expect(try hex(reader.root(size: UInt64(size)).bytes) == answer.roots[position])
      var tiles = TileHashes(directory: LogDirectory(path: fixture.directory), size: 600)
      for index in [0, size / 2, size - 1] {
        let proof = try tiles.inclusionProof(index: UInt64(index), size: UInt64(size)).map { hex($0.bytes) }
        #expect(inclusion.next() == Set(proof + [hex(MerkleHash.leaf(leaf(index)).bytes)]).sorted())
      }
    }
  }
}

/// The Python of the environment variable SLUICE_PYTHON.
enum Python {
  static let path = ProcessInfo.processInfo.environment["SLUICE_PYTHON"]

  static func has(_ modules: String...) -> Bool {
    path != nil && (try? run("import \(modules.joined(separator: ", "))", input: Data())) != nil
  }

  static func run(_ script: String, input: Data) throws -> Data {
    let process = Process()
    let standardInput = Pipe()
    let standardOutput = Pipe()
    process.executableURL = URL(fileURLWithPath: path ?? "/nonexistent")
    process.arguments = ["-c", script]
    process.standardInput = standardInput
    process.standardOutput = standardOutput
    try process.run()
    try standardInput.fileHandleForWriting.write(contentsOf: input)
    try standardInput.fileHandleForWriting.close()
    let output = standardOutput.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw CocoaError(.executableLoad) }
    return output
  }
}
