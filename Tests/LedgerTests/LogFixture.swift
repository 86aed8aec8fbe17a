import Foundation
import Ledger

/// A log in a directory of its own that goes away with it.
final class LogFixture: Sendable {
  static let origin = "sluice.example/test"

  let directory: String

  init() throws {
    // Memory where there is some, as these tests synchronize thousands of files.
    let base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : NSTemporaryDirectory()
    directory = base + "/sluice-ledger-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: directory) }

  func open(options: LogWriter.Options = LogWriter.Options()) throws -> LogWriter {
    try LogWriter(directory: directory, origin: Self.origin, options: options)
  }

  /// A log of `count` leaves, integrated in steps, with `journaled` more in the journal; closed.
  static func filled(_ count: Int, step: Int = 1000, journaled: Int = 0) throws -> LogFixture {
    let fixture = try LogFixture()
    let log = try fixture.open()
    for index in 0..<count {
      _ = try log.append(leaf(index))
      if (index + 1).isMultiple(of: step) { try log.integrate() }
    }
    try log.integrate()
    for index in count..<(count + journaled) { _ = try log.append(leaf(index)) }
    try log.close()
    return fixture
  }

  func copy() throws -> LogFixture {
    let copy = try LogFixture()
    try FileManager.default.removeItem(atPath: copy.directory)
    try FileManager.default.copyItem(atPath: directory, toPath: copy.directory)
    return copy
  }

  var key: VerifierKey { get throws { try LogReader(directory: directory).publicKeyBesideLog() } }

  func verify(previous: Checkpoint? = nil) throws -> VerificationReport {
    LogVerifier(directory: directory, key: try key, previous: previous).verify()
  }

  func url(_ path: String) -> URL { URL(fileURLWithPath: directory + "/" + path) }
  func read(_ path: String) throws -> [UInt8] { Array(try Data(contentsOf: url(path))) }
  func write(_ path: String, _ bytes: [UInt8]) throws { try Data(bytes).write(to: url(path)) }
  func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: url(path).path) }
  func remove(_ path: String) throws { try FileManager.default.removeItem(at: url(path)) }

  func edit(_ path: String, _ body: (inout [UInt8]) -> Void) throws {
    var bytes = try read(path)
    body(&bytes)
    try write(path, bytes)
  }

  /// Changes one character of the base64 of the checkpoint's signature into another that base64 has.
  func changeSignature() throws {
    try edit("checkpoint") { $0[$0.count - 20] = $0[$0.count - 20] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A") }
  }

  var segments: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: directory + "/journal").sorted().map { "journal/\($0)" } }
  }

  func leaves() throws -> [Leaf] {
    var cursor = try LogReader(directory: directory).leaves()
    var leaves: [Leaf] = []
    while let leaf = try cursor.next() { leaves.append(leaf) }
    return leaves
  }
}

/// The leaf that the tests expect at `index`: lengths differ, one in eight is empty.
func leaf(_ index: Int) -> [UInt8] {
  index % 8 == 7 ? [] : Array("leaf \(index) \(String(repeating: "x", count: index % 37))".utf8)
}

func bytes(hex: String) -> [UInt8] {
  var bytes: [UInt8] = []
  var rest = hex[...]
  while rest.count >= 2 {
    bytes.append(UInt8(rest.prefix(2), radix: 16) ?? 0)
    rest = rest.dropFirst(2)
  }
  return bytes
}

func hex(_ bytes: [UInt8]) -> String { bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
