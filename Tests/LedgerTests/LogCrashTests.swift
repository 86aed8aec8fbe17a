import Foundation
import Testing

@testable import Ledger

@Suite("Log after a crash")
struct LogCrashTests {
  @Test("a journal cut off at any byte loses only the record that was cut, and takes the next leaf in its place")
  func everyTruncation() throws {
    let fixture = try LogFixture.filled(10, journaled: 6)
    let segment = try #require(try fixture.segments.last)
    let journal = try fixture.read(segment)
    var ends: [Int] = [0]
    for index in 0..<16 { ends.append((ends.last ?? 0) + JournalRecord.headerByteCount + leaf(index).count) }
    #expect(ends.last == journal.count)
    for length in ends[10]...journal.count {
      try fixture.write(segment, Array(journal[..<length]))
      let copy = try fixture.copy()
      let whole = ends.lastIndex { $0 <= length } ?? 0
      let log = try copy.open()
      #expect(log.writtenSize == UInt64(whole))
      #expect(log.recovery.leaves == UInt64(whole - 10))
      // Zeros at the end are room that was reserved.
      let left = journal[ends[whole]..<length].lastIndex { $0 != 0 }.map { $0 + 1 - ends[whole] } ?? 0
      #expect(log.recovery.droppedBytes == UInt64(left))
      #expect(log.recovery.lostSegments.isEmpty)
      #expect(try log.append(leaf(whole)) == UInt64(whole))
      try log.integrate()
      try log.close()
      #expect(try copy.leaves() == (0...whole).map { Leaf(index: UInt64($0), bytes: leaf($0), isSigned: true) })
      #expect(try copy.verify().isValid)
    }
  }

  @Test("a journal cut off below the checkpoint loses nothing, as the tree has it")
  func truncationBelowCheckpoint() throws {
    let fixture = try LogFixture.filled(10)
    let segment = try #require(try fixture.segments.last)
    for length in [0, 1, 50, try fixture.read(segment).count - 1] {
      let copy = try fixture.copy()
      try copy.edit(segment) { $0.removeLast($0.count - length) }
      let log = try copy.open()
      #expect(log.writtenSize == 10)
      #expect(try log.append(leaf(10)) == 10)
      try log.integrate()
      try log.close()
      #expect(try copy.leaves().map(\.bytes) == (0...10).map(leaf))
      #expect(try copy.verify().isValid)
    }
  }

  @Test("a changed record in the journal is cut off with what follows, and all of that is kept in a file beside it")
  func damagedRecord() throws {
    let fixture = try LogFixture.filled(10, journaled: 6)
    let segment = try #require(try fixture.segments.last)
    let whole = try fixture.read(segment)
    let start = (0..<12).reduce(0) { $0 + JournalRecord.headerByteCount + leaf($1).count }
    for offset in start..<(start + JournalRecord.headerByteCount + leaf(12).count) {
      let copy = try fixture.copy()
      try copy.edit(segment) { $0[offset] ^= 0x01 }
      let report = try copy.verify()
      #expect(report.findings.map(\.kind) == [.damagedJournal] && report.firstBadLeaf == 12, "offset \(offset - start)")
      let log = try copy.open()
      #expect(log.writtenSize == 12)
      let lost = try #require(log.recovery.lostSegments.first)
      #expect(try copy.read(lost).count == whole.count - start)
      try log.close()
      #expect(try copy.verify().isValid)
    }
  }

  /// Copies of the directory as a crash at any step of an integration leaves it: files are put in place one by one.
  @Test("a crash at any step of an integration loses and doubles nothing")
  func everyStepOfIntegration() throws {
    let before = try LogFixture.filled(250, step: 125, journaled: 270)
    let after = try before.copy()
    let log = try after.open()
    try log.integrate()
    try log.close()
    let files = try after.files()
    let new = files.filter { !before.exists($0) && $0.hasPrefix("tile/") }.sorted()
    let gone = try before.files().filter { !after.exists($0) }.sorted()
    #expect(new.count >= 6 && gone.count >= 2)
    for step in 0...(new.count + 1 + gone.count) {
      let crashed = try before.copy()
      for path in new.prefix(step) {
        try FileManager.default.createDirectory(
          at: crashed.url(path).deletingLastPathComponent(), withIntermediateDirectories: true)
        try crashed.write(path, after.read(path))
      }
      if step > new.count { try crashed.write("checkpoint", after.read("checkpoint")) }
      for path in gone.prefix(max(0, step - new.count - 1)) { try crashed.remove(path) }
      try crashed.write("tmp/7", [1, 2, 3])
      #expect(try crashed.verify().isValid)
      let log = try crashed.open()
      #expect(log.writtenSize == 520)
      try log.integrate()
      try log.close()
      #expect(try crashed.leaves().map(\.bytes) == (0..<520).map(leaf))
      #expect(try crashed.verify().isValid)
      #expect(try crashed.read("checkpoint") == after.read("checkpoint"))
      #expect(!crashed.exists("tile/0/000.p") && !crashed.exists("tile/entries/000.p") && !crashed.exists("tmp/7"))
    }
  }

  @Test("segments of the journal follow each other across openings, and go once they are integrated")
  func segments() throws {
    let fixture = try LogFixture()
    var options = LogWriter.Options()
    options.segmentByteCount = 2000
    var count = 0
    for round in 0..<20 {
      let log = try fixture.open(options: options)
      for _ in 0..<(round * 7 % 60) {
        #expect(try log.append(leaf(count)) == UInt64(count))
        count += 1
      }
      if !round.isMultiple(of: 3) { try log.integrate() }
      try log.close()
      #expect(try fixture.leaves().map(\.bytes) == (0..<count).map(leaf))
      #expect(try fixture.verify().isValid)
      #expect(try fixture.segments.count <= 3)
    }
  }

  @Test("a gap in the journal after a power loss keeps what follows in a file beside it")
  func gap() throws {
    let fixture = try LogFixture.filled(10, journaled: 6)
    let segment = JournalSegment(start: 20)
    try fixture.write(segment.path, [1, 2, 3])
    #expect(try fixture.verify().findings.map(\.kind) == [.damagedJournal])
    let log = try fixture.open()
    #expect(log.writtenSize == 16)
    #expect(log.recovery.lostSegments == [segment.path + ".lost"])
    #expect(try fixture.read(segment.path + ".lost") == [1, 2, 3])
    try log.close()
  }

  @Test(
    "a process killed under load at any moment loses no leaf that was appended, and doubles none",
    .enabled(if: CrashFixture.path != nil, "the ledger-crash-fixture executable is not built: kill -9 not tested"))
  func killedProcess() throws {
    let fixture = try LogFixture()
    var acknowledged: UInt64 = 0
    for round in 0..<20 {
      let reached = try CrashFixture.runAndKill(in: fixture, afterLines: 3 + round * 37 % 400)
      #expect(reached >= acknowledged)
      acknowledged = reached
      let report = try fixture.verify()
      #expect(report.findings.isEmpty, "\(report.findings)")
      let leaves = try fixture.leaves()
      #expect(UInt64(leaves.count) >= acknowledged)
      for (index, leaf) in leaves.enumerated() {
        let expected = Array("leaf \(index) ".utf8) + [UInt8](repeating: 0x2e, count: index % 700)
        if leaf.index != UInt64(index) || leaf.bytes != expected {
          Issue.record("leaf \(index) is not what was appended")
          break
        }
      }
      let log = try fixture.open()
      #expect(log.recovery.lostSegments.isEmpty)
      #expect(log.writtenSize == UInt64(leaves.count))
      try log.close()
    }
  }
}

extension LogFixture {
  func files() throws -> [String] {
    let names = FileManager.default.enumerator(atPath: directory)?.compactMap { $0 as? String } ?? []
    return try names.filter { try url($0).resourceValues(forKeys: [.isRegularFileKey]).isRegularFile ?? false }
  }
}

/// The executable that appends to a log until it is killed.
enum CrashFixture {
  static let path: String? = {
    let folder = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    let path = folder.appendingPathComponent("ledger-crash-fixture").path
    return FileManager.default.isExecutableFile(atPath: path) ? path : nil
  }()

  /// Starts it, reads so many lines, kills it, and gives the number of leaves that it said were written.
  static func runAndKill(in fixture: LogFixture, afterLines count: Int) throws -> UInt64 {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: try #require(path))
    process.arguments = [fixture.directory]
    process.standardOutput = output
    try process.run()
    var text = Data()
    while text.count(where: { $0 == 0x0a }) < count {
      let part = output.fileHandleForReading.availableData
      if part.isEmpty { break }
      text += part
    }
    kill(process.processIdentifier, SIGKILL)
    text += output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let lines = String(decoding: text, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).dropLast()
    #expect(!lines.contains { $0.hasPrefix("error") }, "\(lines.first { $0.hasPrefix("error") } ?? "")")
    return lines.compactMap { UInt64($0.split(separator: " ").last ?? "") }.max() ?? 0
  }
}
