import Foundation
import Testing

@testable import Ledger

/// One way to tamper with a log of 70,000 leaves and a journal of 4 more.
struct Tampering: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let kind: Finding.Kind
  var path: String?
  var leaf: UInt64?
  let change: @Sendable (LogFixture) throws -> Void

  init(
    _ description: String, _ kind: Finding.Kind, path: String? = nil, leaf: UInt64? = nil,
    _ change: @escaping @Sendable (LogFixture) throws -> Void
  ) {
    testDescription = description
    self.kind = kind
    self.path = path
    self.leaf = leaf
    self.change = change
  }
}

extension LogFixture {
  /// The encoded entries of the bundle at `index`.
  static func entries(_ range: Range<Int>, changing index: Int? = nil) -> [[UInt8]] {
    range.map { $0 == index ? Array("forged".utf8) : leaf($0) }
  }

  static func encode(_ entries: [[UInt8]]) -> [UInt8] {
    entries.flatMap { [UInt8($0.count >> 8), UInt8($0.count & 255)] + $0 }
  }

  /// Writes a bundle and its level 0 tile for these entries.
  func rewrite(bundle: String, tile: String, _ entries: [[UInt8]]) throws {
    try write("tile/entries/\(bundle)", Self.encode(entries))
    try write("tile/0/\(tile)", entries.flatMap { MerkleHash.leaf($0).bytes })
  }
}

@Suite("Verification of a log")
struct LogVerifierTests {
  /// Made once, as it takes a while; a static is never deinitialized, so its directory is removed at the exit.
  static let log: Result<LogFixture, any Error> = Result {
    atexit { if let log = try? LogVerifierTests.log.get() { try? FileManager.default.removeItem(atPath: log.directory) } }
    return try LogFixture.filled(70_000, step: 35_000, journaled: 4)
  }

  static let tamperings: [Tampering] = [
    Tampering("a byte of a leaf", .modifiedLeaf, path: "tile/entries/012", leaf: 3074) { log in
      var entries = LogFixture.entries(3072..<3328)
      entries[2][0] ^= 1
      try log.write("tile/entries/012", LogFixture.encode(entries))
    },
    Tampering("a leaf of the partial bundle", .modifiedLeaf, path: "tile/entries/273.p/112", leaf: 69_999) { log in
      try log.write("tile/entries/273.p/112", LogFixture.encode(LogFixture.entries(69_888..<70_000, changing: 69_999)))
    },
    Tampering("two leaves in each other's place", .modifiedLeaf, path: "tile/entries/000", leaf: 8) { log in
      var entries = LogFixture.entries(0..<256)
      entries.swapAt(8, 100)
      try log.write("tile/entries/000", LogFixture.encode(entries))
    },
    Tampering("two bundles in each other's place", .modifiedLeaf, path: "tile/entries/001", leaf: 256) { log in
      let one = try log.read("tile/entries/001")
      try log.write("tile/entries/001", log.read("tile/entries/002"))
      try log.write("tile/entries/002", one)
    },
    Tampering("a leaf taken out", .malformedFile, path: "tile/entries/003", leaf: 768) { log in
      try log.write("tile/entries/003", LogFixture.encode(Array(LogFixture.entries(768..<1024).dropLast())))
    },
    Tampering("a leaf added", .malformedFile, path: "tile/entries/003", leaf: 768) { log in
      try log.edit("tile/entries/003") { $0 += [0, 1, 65] }
    },
    Tampering("a length that runs over the end", .malformedFile, path: "tile/entries/100", leaf: 25_600) { log in
      try log.edit("tile/entries/100") { $0[0] = 0xff }
    },
    Tampering("a byte of a tile of level 0", .modifiedTile, path: "tile/0/020") { log in
      try log.edit("tile/0/020") { $0[37] ^= 1 }
    },
    Tampering("a byte of the partial tile of level 0", .modifiedTile, path: "tile/0/273.p/112") { log in
      try log.edit("tile/0/273.p/112") { $0[37] ^= 1 }
    },
    Tampering("a byte of a tile of level 1", .modifiedTile, path: "tile/1/000") { log in
      try log.edit("tile/1/000") { $0[37] ^= 1 }
    },
    Tampering("a byte of the partial tile of level 1", .modifiedTile, path: "tile/1/001.p/17") { log in
      try log.edit("tile/1/001.p/17") { $0[37] ^= 1 }
    },
    Tampering("the tile of level 2", .modifiedTile, path: "tile/2/000.p/1") { log in
      try log.edit("tile/2/000.p/1") { $0[5] ^= 1 }
    },
    Tampering("a tile cut short", .malformedFile, path: "tile/0/020") { log in
      try log.edit("tile/0/020") { $0.removeLast() }
    },
    Tampering("a leaf and its tile together", .modifiedTile, path: "tile/0/012", leaf: 3072) { log in
      try log.rewrite(bundle: "012", tile: "012", LogFixture.entries(3072..<3328, changing: 3074))
    },
    Tampering("a leaf and the partial tile together", .wrongRoot, path: "checkpoint") { (log: LogFixture) in
      try log.rewrite(bundle: "273.p/112", tile: "273.p/112", LogFixture.entries(69_888..<70_000, changing: 69_999))
    },
    Tampering("a missing bundle", .missingFile, path: "tile/entries/007", leaf: 1792) { (log: LogFixture) in try log.remove("tile/entries/007") },
    Tampering("a missing tile", .missingFile, path: "tile/0/007") { (log: LogFixture) in try log.remove("tile/0/007") },
    Tampering("a missing tile of level 1", .missingFile, path: "tile/1/000") { (log: LogFixture) in try log.remove("tile/1/000") },
    Tampering("a missing partial tile", .missingFile, path: "tile/2/000.p/1") { (log: LogFixture) in try log.remove("tile/2/000.p/1") },
    Tampering("a missing checkpoint", .badCheckpoint, path: "checkpoint") { (log: LogFixture) in try log.remove("checkpoint") },
    Tampering("an empty checkpoint", .badCheckpoint, path: "checkpoint") { try $0.write("checkpoint", []) },
    Tampering("a huge checkpoint", .badCheckpoint, path: "checkpoint") {
      try $0.write("checkpoint", [UInt8](repeating: 65, count: 2 << 20))
    },
    Tampering("a smaller size in the checkpoint", .forgedCheckpoint, path: "checkpoint") { log in
      let text = String(decoding: try log.read("checkpoint"), as: UTF8.self).replacing("\n70000\n", with: "\n69999\n")
      try log.write("checkpoint", Array(text.utf8))
    },
    Tampering("a checkpoint by another key of the same name", .forgedCheckpoint, path: "checkpoint") { log in
      let current = try LogReader(directory: log.directory).checkpoint
      let forged = try Checkpoint(
        signing: current.size, root: current.root, with: SigningKey(generating: LogFixture.origin))
      try log.write("checkpoint", Array(forged.description.utf8))
    },
    Tampering("a byte of the signature", .forgedCheckpoint, path: "checkpoint") { log in
      try log.changeSignature()
    },
    Tampering("a root signed with the log's own key over other leaves", .wrongRoot, path: "checkpoint") { log in
      let key = try SigningKey(parsing: String(decoding: log.read("key"), as: UTF8.self))
      try log.write("checkpoint", Array(Checkpoint(signing: 70_000, root: .emptyRoot, with: key).description.utf8))
    },
    Tampering("a signed size beyond the files", .missingFile, path: "tile/0/273.p/113") { log in
      let key = try SigningKey(parsing: String(decoding: log.read("key"), as: UTF8.self))
      try log.write("checkpoint", Array(Checkpoint(signing: 70_001, root: .emptyRoot, with: key).description.utf8))
    },
    Tampering("a byte of a journal leaf", .damagedJournal, leaf: 70_003) { log in
      try log.edit(log.segments.last ?? "") { $0[$0.count - 1] ^= 1 }
    },
    Tampering("a journal that starts behind the checkpoint", .damagedJournal, leaf: 70_000) { log in
      for segment in try log.segments { try log.remove(segment) }
      try log.write(JournalSegment(start: 70_002).path, [])
    },
  ]

  @Test("tampering is found and named", arguments: tamperings)
  func tampering(_ tampering: Tampering) throws {
    let copy = try Self.log.get().copy()
    let key = try copy.key
    try tampering.change(copy)
    let report = LogVerifier(directory: copy.directory, key: key).verify()
    #expect(!report.isValid)
    let first = try #require(report.findings.first)
    #expect(first.kind == tampering.kind, "\(report.findings)")
    if let path = tampering.path { #expect(first.path == path, "\(report.findings)") }
    if let leaf = tampering.leaf { #expect(report.firstBadLeaf == leaf, "\(report.findings)") }
  }

  @Test("a good log has no findings, counts its leaves and those of the journal, and extends its own history")
  func goodLog() throws {
    let fixture = try LogFixture.filled(700, journaled: 4)
    let report = try fixture.verify(previous: LogReader(directory: fixture.directory).checkpoint)
    #expect(report.isValid && report.findings.isEmpty)
    #expect(report.leaves == 700 && report.unsignedLeaves == 4 && report.unfinishedBytes == 0)
    #expect(report.leavesPerSecond > 0)
  }

  @Test("a single bad byte anywhere in leaves or tiles is found", arguments: ["tile/entries", "tile/0", "tile/1"])
  func everyFile(folder: String) throws {
    let fixture = try LogFixture.filled(600)
    for path in try fixture.files().filter({ $0.hasPrefix(folder) }).sorted() {
      let bytes = try fixture.read(path)
      for position in stride(from: 0, to: bytes.count, by: 499) {
        try fixture.edit(path) { $0[position] ^= 0x10 }
        #expect(try !fixture.verify().isValid, "\(path) byte \(position)")
        try fixture.write(path, bytes)
      }
    }
    #expect(try fixture.verify().isValid)
  }

  @Test("an unfinished write at the end of the journal is counted and is no finding")
  func unfinished() throws {
    let fixture = try LogFixture.filled(5, journaled: 3)
    try fixture.edit(fixture.segments.last ?? "") { $0.removeLast(3) }
    let report = try fixture.verify()
    #expect(report.isValid && report.unsignedLeaves == 2 && report.unfinishedBytes > 0)
  }

  @Test("a log set back to an older copy is found by a checkpoint saved since")
  func rollback() throws {
    let fixture = try LogFixture.filled(300)
    let old = try fixture.copy()
    let log = try fixture.open()
    _ = try log.append([1])
    let saved = try log.integrate()
    try log.close()
    #expect(try old.verify().isValid)
    #expect(try old.verify(previous: saved).findings.map(\.kind) == [.rolledBack])
    #expect(try fixture.verify(previous: saved).isValid)
  }

  @Test("a history rewritten and signed with the right key is found by a checkpoint saved before", arguments: [1, 255, 256, 300, 511])
  func rewritten(size: Int) throws {
    let fixture = try LogFixture.filled(size)
    let saved = try LogReader(directory: fixture.directory).checkpoint
    let key = try SigningKey(parsing: String(decoding: fixture.read("key"), as: UTF8.self))
    let forged = try LogFixture()
    let log = try LogWriter(directory: forged.directory, origin: LogFixture.origin, key: key)
    for index in 0..<(size + 40) { _ = try log.append(index == size - 1 ? [0] : leaf(index)) }
    try log.integrate()
    try log.close()
    #expect(try forged.verify().isValid)
    #expect(try forged.verify(previous: saved).findings.map(\.kind) == [.rewrittenHistory])
  }

  @Test("a saved checkpoint that is forged itself is named")
  func forgedPrevious() throws {
    let fixture = try LogFixture.filled(5)
    let forged = try Checkpoint(signing: 0, root: .emptyRoot, with: SigningKey(generating: LogFixture.origin))
    #expect(try fixture.verify(previous: forged).findings.map(\.kind) == [.forgedCheckpoint])
  }
}
