import Foundation
import Gateway
import Testing

@Suite("The change epoch")
struct ChangeEpochTests {
  @Test("is seen by every instance on the same file, and outlives them")
  func instances() throws {
    let directory = TemporaryDirectory()
    try FileManager.default.createDirectory(atPath: directory.path, withIntermediateDirectories: true)
    let path = directory.path + "/epoch"
    let one = try ChangeEpoch(path: path)
    let two = try ChangeEpoch(path: path)
    #expect(one.current == two.current)
    one.advance()
    #expect(two.current == 1)
    two.advance()
    #expect(one.current == 2)
    #expect(try ChangeEpoch(path: path).current == 2)
  }

  @Test("sees what another process wrote")
  func processes() throws {
    let directory = TemporaryDirectory()
    try FileManager.default.createDirectory(atPath: directory.path, withIntermediateDirectories: true)
    let epoch = try ChangeEpoch(path: directory.path + "/epoch")
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = ["-c", "printf '\\007' | dd of='\(directory.path)/epoch' bs=1 conv=notrunc 2>/dev/null"]
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    #expect(epoch.current == 7)
  }

  @Test("loses no advance when many tasks advance at once")
  func concurrency() async throws {
    let epoch = try ChangeEpoch()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 { group.addTask { for _ in 0..<1000 { epoch.advance() } } }
    }
    #expect(epoch.current == 8000)
  }

  @Test("says which file cannot be opened")
  func failure() {
    let error = #expect(throws: StoreError.self) { try ChangeEpoch(path: "/nonexistent/epoch") }
    #expect(error?.message.contains("/nonexistent/epoch") == true)
  }
}
