import NIOCore
import Testing

@testable import MCP

@Suite("Child command")
struct ChildCommandTests {
  @Test("a child inherits the four variables and nothing else, and what is declared wins")
  func environment() {
    let command = ChildCommand("x", environment: ["LANG": "C", "TOKEN": "t"])
    let gateway = ["PATH": "/p", "HOME": "/h", "LANG": "de", "AWS_SECRET_ACCESS_KEY": "s", "TERM": "xterm"]
    #expect(command.childEnvironment { gateway[$0] } == ["PATH": "/p", "HOME": "/h", "LANG": "C", "TOKEN": "t"])
    #expect(ChildCommand("x").childEnvironment { _ in nil } == ["PATH": "/usr/local/bin:/usr/bin:/bin"])
  }

  @Test("a name is searched for in the child's PATH, relative entries passed over")
  func search() throws {
    #expect(try ChildCommand("sh").executable(in: ["PATH": "::bin:/nonexistent:/bin"]) == "/bin/sh")
    #expect(try ChildCommand("./here").executable(in: [:]) == "./here")
  }

  @Test("a command that is not there says where it was looked for")
  func notFound() {
    let error = #expect(throws: SpawnError.self) { _ = try ChildCommand("no-such").executable(in: ["PATH": "/bin:/usr/bin"]) }
    #expect(error?.description == "command not found: no-such; PATH searched: /bin:/usr/bin")
  }

  @Test(
    "what cannot be passed to a process is refused",
    arguments: [
      ChildCommand(""),
      ChildCommand("sh", arguments: ["a\0b"]),
      ChildCommand("sh", environment: ["A=B": "c"]),
      ChildCommand("sh", environment: ["": "c"]),
      ChildCommand("sh", environment: ["A": "c\0"]),
      ChildCommand("sh", workingDirectory: "/\0"),
    ])
  func invalid(command: ChildCommand) {
    let error = #expect(throws: SpawnError.self) { _ = try command.executable(in: command.childEnvironment()) }
    guard case .invalid = error else { Issue.record("\(String(describing: error))"); return }
  }
}

@Suite("Rate of logged lines")
struct LineRateTests {
  @Test("a burst passes, the rest is counted, and time makes room")
  func rate() {
    let start = NIODeadline.now()
    var rate = LineRate(perSecond: 10, burst: 5, now: start)
    let admitted = (0..<20).filter { _ in rate.admit(now: start) }
    #expect(admitted.count == 5)
    let suppressed = (0..<2).map { _ in rate.takeSuppressed() }
    #expect(suppressed == [15, 0])
    let later = (0..<2).map { _ in rate.admit(now: start + .milliseconds(100)) }
    #expect(later == [true, false])
  }
}
