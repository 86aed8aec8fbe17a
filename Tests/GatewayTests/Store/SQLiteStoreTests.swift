import Foundation
import Gateway
import Testing

@Suite("The SQLite store")
struct SQLiteStoreTests {
  @Test("does what every store does, across two instances on one directory")
  func suite() async throws {
    let directory = TemporaryDirectory()
    try await checkStore { try SQLiteStore(directory: directory.path) }
  }

  @Test("keeps what it has when it is opened again")
  func persistence() async throws {
    let directory = TemporaryDirectory()
    let key = try await SQLiteStore(directory: directory.path).key(named: "seal")
    #expect(try await SQLiteStore(directory: directory.path).key(named: "seal") == key)
  }

  @Test("keeps its files from other users")
  func permissions() async throws {
    let directory = TemporaryDirectory()
    let store = try SQLiteStore(directory: directory.path)
    _ = try await store.key(named: "seal")
    for name in ["", "/sluice.sqlite", "/sluice.sqlite-wal", "/sluice.sqlite-shm", "/epoch"] {
      let attributes = try FileManager.default.attributesOfItem(atPath: directory.path + name)
      #expect((attributes[.posixPermissions] as? Int ?? 0o777) & 0o077 == 0, "\(name)")
    }
  }

  @Test("refuses a file that is no database, and says what to do")
  func corrupt() throws {
    let directory = TemporaryDirectory()
    try FileManager.default.createDirectory(atPath: directory.path, withIntermediateDirectories: true)
    try Data(String(repeating: "not a database ", count: 100).utf8).write(to: URL(filePath: directory.path + "/sluice.sqlite"))
    let error = #expect(throws: StoreError.self) { try SQLiteStore(directory: directory.path) }
    #expect(error?.code == .corrupt)
    #expect(error?.message.contains("backup") == true)
  }

  @Test("refuses a directory that cannot be made")
  func unavailable() {
    let error = #expect(throws: StoreError.self) { try SQLiteStore(directory: "/dev/null/state") }
    #expect(error?.code == .unavailable)
  }
}
