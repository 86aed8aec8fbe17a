import Foundation
import Testing

@testable import Ledger

@Suite("Files of a log")
struct LogLayoutTests {
  @Test(
    "tile paths are those of the specification",
    arguments: [
      (0, 1_234_067, 256, "tile/0/x001/x234/067"), (1, 5, 17, "tile/1/005.p/17"), (0, 0, 1, "tile/0/000.p/1"),
      (0, 1000, 256, "tile/0/x001/000"), (63, 999, 256, "tile/63/999"), (-1, 273, 112, "tile/entries/273.p/112"),
    ])
  func paths(level: Int, index: UInt64, width: Int, path: String) {
    let content: Tile.Content = level < 0 ? .entries : .hashes(level: level)
    #expect(Tile(content: content, index: index, width: width).path == path)
  }

  @Test("a tree of 70,000 leaves has the tiles that the specification counts, and the log verifies")
  func seventyThousand() throws {
    let fixture = try LogFixture.filled(70_000, step: 70_000)
    for path in ["tile/0/000", "tile/0/272", "tile/0/273.p/112", "tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1"] {
      #expect(fixture.exists(path), "\(path)")
    }
    for path in ["tile/0/273", "tile/1/001", "tile/2/000", "tile/3", "tile/entries/274"] {
      #expect(!fixture.exists(path), "\(path)")
    }
    let report = try fixture.verify()
    #expect(report.findings.isEmpty)
    #expect(report.leaves == 70_000)
    let reader = try LogReader(directory: fixture.directory)
    for index: UInt64 in [0, 255, 256, 65_535, 65_536, 69_999] {
      try reader.proof(index: index).verify(leaf: leaf(Int(index)), key: fixture.key)
    }
  }

  @Test("a tree of 256 leaves is a full tile and a partial one of width 1 above it, without the partial forms of the full")
  func exactlyOneTile() throws {
    let fixture = try LogFixture.filled(256, step: 100)
    #expect(fixture.exists("tile/0/000") && fixture.exists("tile/entries/000") && fixture.exists("tile/1/000.p/1"))
    #expect(!fixture.exists("tile/0/000.p") && !fixture.exists("tile/entries/000.p"))
  }

  @Test("partial tiles of every checkpoint stay until the full tile is there")
  func partialTiles() throws {
    let fixture = try LogFixture.filled(30, step: 10)
    for width in [10, 20, 30] {
      #expect(fixture.exists("tile/0/000.p/\(width)") && fixture.exists("tile/entries/000.p/\(width)"))
    }
  }

  @Test("an entry bundle is big-endian lengths and entries, a tile their leaf hashes")
  func bundleBytes() throws {
    let fixture = try LogFixture()
    let log = try fixture.open()
    _ = try log.append([1, 2, 3])
    _ = try log.append([])
    _ = try log.append([UInt8](repeating: 9, count: 300))
    try log.integrate()
    #expect(try fixture.read("tile/entries/000.p/3") == [0, 3, 1, 2, 3, 0, 0, 1, 44] + [UInt8](repeating: 9, count: 300))
    let hashes = [MerkleHash.leaf([1, 2, 3]), .leaf([]), .leaf([UInt8](repeating: 9, count: 300))]
    #expect(try fixture.read("tile/0/000.p/3") == hashes.flatMap(\.bytes))
    #expect(log.checkpoint.root == definedRoot(hashes[...]))
  }

  @Test("the private key is readable by its owner only, and the public key verifies")
  func keyFiles() throws {
    let fixture = try LogFixture.filled(1)
    let attributes = try FileManager.default.attributesOfItem(atPath: fixture.directory + "/key")
    #expect(attributes[.posixPermissions] as? Int == 0o600)
    #expect(try String(decoding: fixture.read("key"), as: UTF8.self).hasPrefix("PRIVATE+KEY+sluice.example/test+"))
    try LogReader(directory: fixture.directory).checkpoint.verify(with: fixture.key)
  }

  @Test("a supplied key is used and not stored")
  func suppliedKey() throws {
    let fixture = try LogFixture()
    let key = try SigningKey(generating: LogFixture.origin)
    let log = try LogWriter(directory: fixture.directory, origin: LogFixture.origin, key: key)
    try log.checkpoint.verify(with: key.verifierKey)
    #expect(!fixture.exists("key"))
    try log.close()
  }

  @Test("at every size from 0 to 600 the log verifies, proofs from tiles hold, and a fresh right edge is the running one")
  func everySize() throws {
    let fixture = try LogFixture()
    let log = try fixture.open()
    let key = try fixture.key
    var previous = log.checkpoint
    for size in 0...600 {
      if size > 0 {
        _ = try log.append(leaf(size - 1))
        try log.integrate()
      }
      let reader = try LogReader(directory: fixture.directory)
      #expect(reader.checkpoint.size == UInt64(size))
      #expect(try TreeEdge(size: UInt64(size), in: LogDirectory(path: fixture.directory)).root == reader.checkpoint.root)
      if size.isMultiple(of: 13) || [255, 256, 257, 511, 512, 513, 600].contains(size) {
        let report = LogVerifier(directory: fixture.directory, key: key, previous: previous).verify()
        #expect(report.isValid, "\(size): \(report.findings)")
      }
      for index in Set([0, size / 3, size - 2, size - 1]) where index >= 0 && index < size {
        try reader.proof(index: UInt64(index)).verify(leaf: leaf(index), key: key)
      }
      let proof = try reader.consistencyProof(from: previous.size)
      #expect(
        RFC6962.verifyConsistency(
          from: previous.size, root: previous.root, to: reader.checkpoint.size, root: reader.checkpoint.root, proof: proof))
      if size.isMultiple(of: 7) { previous = reader.checkpoint }
    }
  }

  @Test("a proof survives its text form, and a changed one is refused")
  func proofText() throws {
    let fixture = try LogFixture.filled(300)
    let proof = try LogReader(directory: fixture.directory).proof(index: 77)
    let text = proof.description
    #expect(text.hasPrefix("c2sp.org/tlog-proof@v1\nindex 77\n"))
    #expect(try LogProof(parsing: Array(text.utf8)) == proof)
    let key = try fixture.key
    #expect(throws: LedgerError.self) { try proof.verify(leaf: leaf(78), key: key) }
    let moved = text.replacing("index 77", with: "index 78")
    #expect(throws: LedgerError.self) { try LogProof(parsing: Array(moved.utf8)).verify(leaf: leaf(77), key: key) }
    let grown = text.replacing("\n300\n", with: "\n301\n")
    #expect(throws: LedgerError.self) { try LogProof(parsing: Array(grown.utf8)).verify(leaf: leaf(77), key: key) }
    let extra = LogProof(index: 77, hashes: proof.hashes, checkpoint: proof.checkpoint, extra: [1, 2, 3])
    #expect(extra.description.contains("\nextra AQID\nindex 77\n"))
    #expect(try LogProof(parsing: Array(extra.description.utf8)) == extra)
  }

  @Test(
    "proofs that are not well formed are refused",
    arguments: [
      "", "c2sp.org/tlog-proof@v1\n", "c2sp.org/tlog-proof@v1\nindex 01\n\n", "c2sp.org/tlog-proof@v2\nindex 1\n\n",
      "c2sp.org/tlog-proof@v1\nindex 1\nAAAA\n\n", "c2sp.org/tlog-proof@v1\nextra *\nindex 1\n\n",
    ])
  func malformedProofs(text: String) {
    #expect(throws: LedgerError.self) { try LogProof(parsing: Array(text.utf8)) }
  }
}
