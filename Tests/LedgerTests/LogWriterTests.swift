import Foundation
import Testing

@testable import Ledger

@Suite("Writing a log")
struct LogWriterTests {
  @Test("leaves are numbered in order, readable at once, and signed for once integrated")
  func appends() throws {
    let fixture = try LogFixture()
    let log = try fixture.open()
    #expect(try log.append([1]) == 0)
    #expect(try log.append([2]) == 1)
    #expect(log.writtenSize == 2)
    #expect(try fixture.leaves() == [Leaf(index: 0, bytes: [1], isSigned: false), Leaf(index: 1, bytes: [2], isSigned: false)])
    #expect(try log.integrate().size == 2)
    #expect(try fixture.leaves().map(\.isSigned) == [true, true])
    #expect(try LogReader(directory: fixture.directory).leaf(at: 1).bytes == [2])
    #expect(throws: LedgerError.self) { try LogReader(directory: fixture.directory).leaf(at: 2) }
  }

  @Test("a leaf may have 65,535 bytes and not one more")
  func largestLeaf() throws {
    let fixture = try LogFixture()
    let log = try fixture.open()
    let largest = [UInt8](repeating: 7, count: 65_535)
    for _ in 0..<300 { _ = try log.append(largest) }
    let error = try #require(throws: LedgerError.self) { try log.append(largest + [7]) }
    #expect(error.code == .leafTooLarge)
    try log.synchronize()
    try log.integrate()
    #expect(try fixture.verify().isValid)
    #expect(try LogReader(directory: fixture.directory).leaf(at: 299).bytes == largest)
  }

  @Test("only one writer at a time has the log")
  func oneWriter() throws {
    let fixture = try LogFixture()
    var log: LogWriter? = try fixture.open()
    let error = try #require(throws: LedgerError.self) { try fixture.open() }
    #expect(error.code == .locked)
    try log?.close()
    log = nil
    _ = try fixture.open()
  }

  @Test("a closed log refuses leaves")
  func closed() throws {
    let fixture = try LogFixture()
    let log = try fixture.open()
    _ = try log.append([1])
    try log.close()
    let error = try #require(throws: LedgerError.self) { try log.append([2]) }
    #expect(error.code == .closed)
    #expect(try fixture.leaves().count == 1)
  }

  @Test("many threads append and synchronize while another integrates: every leaf has its own index and is there")
  func concurrency() async throws {
    let fixture = try LogFixture()
    var options = LogWriter.Options()
    options.segmentByteCount = 20_000
    let log = try fixture.open(options: options)
    let integrator = try LogIntegrator(log: log, every: .milliseconds(1)) { Issue.record($0) }
    let written = try await withThrowingTaskGroup(of: [UInt64: [UInt8]].self) { group in
      group.addTask {
        await integrator.run(); return [:]
      }
      for task in 0..<4 {
        group.addTask {
          var own: [UInt64: [UInt8]] = [:]
          for round in 0..<300 {
            for _ in 0...(round % 5) {
              let bytes = Array("task \(task) round \(round) \(own.count)".utf8)
              own[try log.append(bytes)] = bytes
            }
            if round.isMultiple(of: 50) { try log.synchronize() }
            #expect(log.writtenSize > own.keys.max() ?? 0)
          }
          return own
        }
      }
      var all: [UInt64: [UInt8]] = [:]
      for _ in 0..<4 {
        all.merge(try await group.next() ?? [:]) { _, _ in
          Issue.record("one index twice"); return []
        }
      }
      integrator.stop()
      while let rest = try await group.next() { #expect(rest.isEmpty) }
      return all
    }
    #expect(written.count == 4 * 900)
    #expect(log.checkpoint.size == 3600)
    for leaf in try fixture.leaves() { #expect(written[leaf.index] == leaf.bytes && leaf.isSigned) }
    #expect(try fixture.verify().leaves == 3600)
  }

  @Test("tasks that wait for the disk share it, and are refused once nobody serves them")
  func synchronizer() async throws {
    let fixture = try LogFixture()
    let log = try fixture.open()
    let synchronizer = try LogSynchronizer(log: log)
    async let serving: Void = synchronizer.run()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for index in 0..<50 {
        group.addTask {
          let own = try log.append(leaf(index))
          try await synchronizer.synchronize()
          #expect(log.writtenSize > own)
        }
      }
      try await group.waitForAll()
    }
    synchronizer.stop()
    await serving
    let error = await #expect(throws: LedgerError.self) { try await synchronizer.synchronize() }
    #expect(error?.code == .closed)
  }

  @Test("a follower sees leaves as they are written, signed or not, across integrations")
  func follower() async throws {
    let fixture = try LogFixture.filled(300, journaled: 3)
    let log = try fixture.open()
    let reader = try LogReader(directory: fixture.directory)
    let writing = Task {
      for index in 303..<400 {
        _ = try log.append(leaf(index))
        if index.isMultiple(of: 10) { try log.integrate() }
        await Task.yield()
      }
    }
    var index: UInt64 = 290
    for try await found in reader.follow(from: index, every: .milliseconds(1)) {
      #expect(found.index == index && found.bytes == leaf(Int(index)))
      index += 1
      if index == 400 { break }
    }
    try await writing.value
  }

  @Test("opening refuses a log that would fork: without its checkpoint, its key, its tiles, or with another key")
  func refusesToFork() throws {
    let fixture = try LogFixture.filled(300, journaled: 2)
    func code(_ change: (LogFixture) throws -> Void) throws -> LedgerError.Code? {
      let copy = try fixture.copy()
      try change(copy)
      let error = #expect(throws: LedgerError.self) { try copy.open() }
      return error?.code
    }
    #expect(try code { try $0.remove("checkpoint") } == .missing)
    #expect(try code { try $0.remove("key") } == .missing)
    #expect(try code { try $0.remove("tile/0/001.p/44") } == .missing)
    #expect(try code { try $0.remove("tile/entries/001.p/44") } == .missing)
    #expect(try code { try $0.edit("tile/0/001.p/44") { $0[0] ^= 1 } } == .corrupt)
    #expect(try code { try $0.edit("tile/entries/001.p/44") { $0[5] ^= 1 } } == .corrupt)
    #expect(try code { try $0.edit("tile/1/000.p/1") { $0[5] ^= 1 } } == .corrupt)
    #expect(try code { try $0.changeSignature() } == .unverified)
    let key = try SigningKey(generating: LogFixture.origin).exportPrivateKey()
    #expect(try code { try $0.write("key", Array(key.utf8)) } == .unverified)
    let error = #expect(throws: LedgerError.self) { try LogWriter(directory: fixture.directory, origin: "other.example") }
    #expect(error?.code == .malformed)
  }

  @Test(
    "a full disk refuses leaves with a reason, and the log goes on by itself when there is room, losing and doubling nothing",
    .enabled(if: SmallDisk.isAvailable, "no permission to mount a small tmpfs: full disk not tested"))
  func fullDisk() async throws {
    let disk = try SmallDisk(kilobytes: 2048)
    let log = try LogWriter(directory: disk.path + "/log", origin: LogFixture.origin)
    var staged: [[UInt8]] = []
    var acknowledged = 0
    func append() throws {
      let bytes = Array("leaf \(staged.count) ".utf8) + [UInt8](repeating: 0x2e, count: 900)
      #expect(try log.append(bytes) == UInt64(staged.count))
      staged.append(bytes)
      acknowledged = staged.count
    }
    for _ in 0..<20 { try append() }
    try log.integrate()
    try disk.fill()
    let error = try #require(throws: LedgerError.self) { while true { try append() } }
    #expect(error.code == .unwritable && error.message.contains("No space left"))
    let refusal = try #require(throws: LedgerError.self) { try log.append([1]) }
    #expect(refusal.code == .unwritable)
    #expect(throws: LedgerError.self) { try log.integrate() }
    #expect(staged.count == acknowledged)
    try disk.free()
    let deadline = ContinuousClock.now + .seconds(10)
    while true {
      do {
        try append()
        break
      } catch  where ContinuousClock.now < deadline {
        await Task.yield()
      }
    }
    try log.integrate()
    try log.close()
    var cursor = try LogReader(directory: disk.path + "/log").leaves()
    var found: [[UInt8]] = []
    while let leaf = try cursor.next() { found.append(leaf.bytes) }
    #expect(found == staged)
    #expect(LogVerifier(directory: disk.path + "/log", key: log.verifierKey).verify().isValid)
  }
}

/// A file system of a few hundred kilobytes.
final class SmallDisk {
  let path: String

  static let isAvailable: Bool = (try? SmallDisk(kilobytes: 64)) != nil

  init(kilobytes: Int) throws {
    path = NSTemporaryDirectory() + "/sluice-disk-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    #if canImport(Glibc)
      guard mount("tmpfs", path, "tmpfs", 0, "size=\(kilobytes)k") == 0 else { throw CocoaError(.fileWriteNoPermission) }
    #else
      throw CocoaError(.fileWriteNoPermission)
    #endif
  }

  deinit {
    #if canImport(Glibc)
      umount2(path, Int32(MNT_DETACH))
    #endif
    try? FileManager.default.removeItem(atPath: path)
  }

  /// Takes all room but for some kilobytes.
  func fill() throws {
    FileManager.default.createFile(atPath: path + "/filler", contents: nil)
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path + "/filler"))
    for size in [16 << 10, 4 << 10] {
      while (try? handle.write(contentsOf: Data(count: size))) != nil {}
    }
    try handle.close()
  }

  func free() throws { try FileManager.default.removeItem(atPath: path + "/filler") }
}
