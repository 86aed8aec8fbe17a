import MCP
import NIOCore
import NIOPosix
import Testing

/// A server of ours as a child of ours: both sides of the transport.
@Suite(
  "Stdio server transport", .timeLimit(.minutes(2)),
  .enabled(if: Fixture.path != nil, "stdio-fixture is not built: the server side of stdio not tested"))
struct StdioServerTransportTests {
  private static func echo(_ script: String = "exec \"$FIXTURE\" echo") throws -> ChildCommand {
    shell(script, environment: ["FIXTURE": try #require(Fixture.path)])
  }

  @Test("lines come back in order, and what prints to standard output goes to standard error")
  func echo() async throws {
    try await withChild(Self.echo()) { child, recorder in
      try await recorder.wait(for: .started(1))
      for number in 0..<3000 { try await child.send(ByteBuffer(string: "{\"id\":\(number)}")) }
      try await recorder.waitForLine("{\"id\":2999}")
      #expect(recorder.lines == (0..<3000).map { "{\"id\":\($0)}" })
      try await recorder.wait(for: .logged("info fixture: this must not reach the client"))
    }
  }

  @Test("a line over the bound is reported, skipped, and the next one served")
  func tooLong() async throws {
    try await withChild(Self.echo()) { child, recorder in
      try await recorder.wait(for: .started(1))
      try await child.send(ByteBuffer(repeating: UInt8(ascii: "x"), count: 300_000))
      try await child.send(ByteBuffer(string: "next"))
      try await recorder.waitForLine("next")
      #expect(recorder.lines == ["too long: 100000", "next"])
    }
  }

  @Test("the end of the input ends the server in order, all answers written")
  func end() async throws {
    try await withChild(Self.echo(), .patient) { child, recorder in
      try await recorder.wait(for: .started(1))
      for number in 0..<500 { try await child.send(ByteBuffer(string: "\(number)")) }
      await child.stop()
      #expect(recorder.lines.count == 500)
      let reason = try await recorder.waitForExit()
      #expect(reason == .stopped(.code(0)))
    }
  }

  @Test(
    "input and output may be anything: files, /dev/null, pipes",
    arguments: [
      ("printf 'a\\r\\n\\nb\\nrest' | \"$FIXTURE\" echo", ["a", "b", "partial: rest"]),
      ("printf 'a\\nb\\n' >$FILE; \"$FIXTURE\" echo <$FILE >$FILE.out; cat $FILE.out; rm $FILE $FILE.out", ["a", "b"]),
      ("\"$FIXTURE\" echo </dev/null; echo $?", ["0"]),
      ("\"$FIXTURE\" echo </dev/null >/dev/null; echo $?", ["0"]),
      ("seq 1 100000 | \"$FIXTURE\" echo | head -n 1", ["1"]),
    ])
  func descriptors(script: String, lines: [String]) async throws {
    var command = try Self.echo(script + "; read -r wait")
    let directory = ChildCommand.ownVariable("TMPDIR") ?? "/tmp"
    command.environment["FILE"] = "\(directory)/sluice-stdio-\(UInt64.random(in: 0 ... .max))"
    try await withChild(command) { _, recorder in
      for line in lines { try await recorder.waitForLine(line) }
      #expect(recorder.lines == lines)
    }
  }
}

@Suite(
  "Stdio resources", .timeLimit(.minutes(3)),
  .enabled(if: Fixture.path != nil, "stdio-fixture is not built: leaks and memory of child processes not tested"))
struct StdioResourceTests {
  private static func result(_ arguments: String...) async throws -> [String] {
    let command = ChildCommand(try #require(Fixture.path), arguments: arguments)
    return try await withChild(command) { _, recorder in
      let line = try await recorder.wait(within: 120) { if case .line = $0 { true } else { false } }
      guard case .line(_, let text) = line else { return [] }
      return text.split(separator: " ").map(String.init)
    }
  }

  @Test("a hundred starts and stops leave no descriptor and no zombie")
  func cycles() async throws {
    let reason = try await Self.result("cycle", "100")
    #expect(reason == ["descriptors", "0", "zombies", "0"])
  }

  @Test("a million lines to a slow reader arrive in bounded memory")
  func flood() async throws {
    let words = try await Self.result("flood", "1000000")
    #expect(words.prefix(3) == ["lines", "1000000", "growth"])
    #expect(words.last.flatMap(Int.init).map { $0 < 30 } == true, "\(words)")
  }
}
