import Foundation
import JSON
import MCP
import Testing

@testable import SluiceKit

@Suite("sluice inspect", .enabled(if: SluiceBinary.path != nil, "no sluice executable beside the tests: commands not tested"), .timeLimit(.minutes(5)))
struct InspectTests {
  private static func server() -> Server {
    let server = SDKUpstream.echo()
    server.add(
      Tool(name: "greet", description: "Greets.\nAt length.") { call in
        let answer = try await call.elicit("Who?", ElicitationForm(.string("name"), .integer("times", in: 1...3, default: 2)))
        return ToolResult(text: "\(answer.action.rawValue) \(answer.content?["name"]?.string ?? "-") \(answer.content?["times"]?.int ?? 0)")
      })
    server.add(Tool(name: "fail") { _ in .error("it is broken") })
    server.add(Tool(name: "hostile", description: "red \u{1B}[31m \u{202E}text") { _ in ToolResult(text: "\u{1B}]0;owned\u{7}") })
    server.add(
      Tool(name: "slow") { call in
        await call.progress(1, total: 2, message: "half")
        return ToolResult(text: "done")
      })
    server.add(Resource(uri: "test://page", name: "page", mimeType: "text/plain") { _ in .text("a page") })
    server.add(Prompt(name: "ask", arguments: [.init("topic", required: true)]) { get in PromptResult([.user("About \(get["topic"] ?? "")")]) })
    server.addCompletion(for: .prompt("ask", argument: "topic")) { request in Completion(["tea", "coffee"].filter { $0.hasPrefix(request.value) }) }
    return server
  }

  private func inspect(_ arguments: [String], environment: [String: String] = [:], input: String? = nil) async throws -> SluiceBinary.Outcome {
    try await withUpstream(Self.server()) { port in
      try await SluiceBinary.run(["inspect", "http://127.0.0.1:\(port)/mcp"] + arguments, environment: environment, input: input)
    }
  }

  @Test(
    "does and shows what it is asked for, in either era",
    arguments: [
      (["info"], "echo 1, MCP "), (["list"], "Tools (6)"), (["list", "tools"], "greet  Greets."), (["list", "resources"], "test://page  page"),
      (["list", "prompts"], "ask topic"), (["describe", "say"], "\"inputSchema\""), (["call", "say", "{\"text\": \"hello\"}"], "hello"),
      (["call", "say", "text=1 two"], "1 two"), (["read", "test://page"], "a page"), (["prompt", "ask", "topic=tea"], "user: About tea"),
      (["complete", "prompt", "ask", "topic", "t"], "tea"), (["ping"], "it answers"), (["request", "tools/list"], "\"tools\""), (["call", "slow"], "done"),
    ], ["modern", "legacy"])
  func actions(_ action: ([String], String), _ era: String) async throws {
    let outcome = try await inspect(["--era", era] + action.0)
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains(action.1), "\(outcome.output) \(outcome.errors)")
    if action.0 == ["call", "slow"] { #expect(outcome.errors.contains("progress: 1 of 2  half")) }
  }

  @Test(
    "ends with 1 where the server fails or refuses, with 2 where the command line is wrong",
    arguments: [
      (["call", "fail"], 1, "the tool failed"), (["call", "nothing"], 1, "nothing"), (["read", "test://none"], 1, "not found"), (["describe", "nothing"], 1, "no tool"),
      (["fly"], 2, "\"fly\" is not known"), (["call"], 2, "usage: call TOOL"), (["call", "say", "{text}"], 2, "no valid JSON"),
      (["list", "toys"], 2, "tools, resources"),
      (["--era", "1999", "list"], 2, "--era takes"), (["--header", "none", "list"], 2, "Name: value"), (["--no-such"], 2, "no-such"), ([], 2, "nothing to do"),
      (["--env", "A=B", "list"], 2, "a command starts"), (["complete", "prompt", "ask"], 2, "usage: complete"),
    ] as [([String], Int, String)])
  func failures(_ words: [String], _ status: Int, _ says: String) async throws {
    let outcome = try await inspect(words)
    #expect(Int(outcome.status) == status, "\(outcome.output) \(outcome.errors)")
    #expect((outcome.errors + outcome.output).contains(says), "\(outcome.errors)")
  }

  @Test("says what to do about a server that is not there, is no MCP server, or wants to know who asks")
  func unreachable() async throws {
    let gone = try await SluiceBinary.run(["inspect", "http://127.0.0.1:1/mcp", "list"])
    #expect(gone.status == 1 && gone.errors.contains("127.0.0.1:1"), "\(gone.errors)")
    let missing = try await SluiceBinary.run(["inspect", "no-such-program-at-all", "list"])
    #expect(missing.status == 1 && missing.errors.contains("no-such-program-at-all"), "\(missing.errors)")
    let wrong = try await SluiceBinary.run(["inspect", "ftp://127.0.0.1/", "list"])
    #expect(wrong.status == 2 && wrong.errors.contains("http"), "\(wrong.errors)")
    try await withEcho { gateway in
      let url = "http://127.0.0.1:\(gateway.port)/mcp"
      let refused = try await SluiceBinary.run(["inspect", url, "list"])
      #expect(refused.status == 1 && (refused.errors.contains("--oauth") || refused.errors.contains("token")), "\(refused.errors)")
    }
  }

  @Test("JSON is one value a line, for scripts; messages go to standard error, without colours")
  func machine() async throws {
    let outcome = try await inspect(["--json", "--raw", "call", "say", "text=x"])
    let result = try JSONValue(parsing: outcome.output.trimmingCharacters(in: .whitespacesAndNewlines))
    #expect(result["content"]?.array?.first?["text"] == "x")
    #expect(outcome.errors.contains("-> {\"jsonrpc\":\"2.0\"") && outcome.errors.contains("<- {\"jsonrpc\":\"2.0\""), "\(outcome.errors)")
    #expect(!outcome.errors.contains("\u{1B}"))
    let lists = try JSONValue(parsing: try await inspect(["--json", "list"]).output.trimmingCharacters(in: .whitespacesAndNewlines))
    #expect(lists["tools"]?.array?.count == 6 && lists["prompts"]?.array?.count == 1 && lists["resources"]?.array?.count == 1)
  }

  @Test("what a server says cannot change the terminal")
  func hostile() async throws {
    for words in [["list", "tools"], ["call", "hostile"]] {
      let outcome = try await inspect(words)
      #expect(outcome.output.contains("\\u{1b}") && !outcome.output.contains("\u{1B}") && !outcome.output.contains("\u{202E}"), "\(outcome.output)")
    }
  }

  @Test("standard input is a script of actions; one that fails makes the status 1, and the rest is done")
  func script() async throws {
    try await withDirectory { directory in
      let script = "\(directory)/script"
      try Data("# comment\nping\ncall say {\"text\": \"from a script\"}\ncall fail\nbad\nread test://page\n".utf8).write(to: URL(filePath: script))
      let outcome = try await inspect([], input: script)
      #expect(outcome.status == 1)
      #expect(outcome.output.contains("from a script") && outcome.output.contains("a page") && outcome.errors.contains("\"bad\" is not known"), "\(outcome.output)")
    }
  }

  @Test("a header takes its secret from the environment, and shows it nowhere")
  func header() async throws {
    try await withEcho { gateway in
      let token = try await gateway.token("ada")
      let outcome = try await SluiceBinary.run(
        ["inspect", "http://127.0.0.1:\(gateway.port)/mcp", "--raw", "--header", "Authorization: Bearer ${env:A_TOKEN}", "call", "echo__say", "text=in"],
        environment: ["A_TOKEN": token])
      #expect(outcome.status == 0 && outcome.output.contains("in"), "\(outcome.errors)")
      #expect(!outcome.errors.contains(token))
    }
  }

  @Test("a command's server is started and left", .enabled(if: weatherServer != nil, "no weather-server beside the tests: commands as servers not inspected"))
  func command() async throws {
    let server = try #require(weatherServer)
    let outcome = try await SluiceBinary.run(["inspect", "'\(server)'", "call", "get_current", "city=Oslo"])
    #expect(outcome.status == 0 && outcome.output.contains("Oslo"), "\(outcome.errors)")
  }

  @Test("a subscription tells of changes and ends after as many as it is told", arguments: ["modern", "legacy"])
  func subscription(_ era: String) async throws {
    let server = Self.server()
    try await withUpstream(server) { port in
      let running = try SluiceBinary.start(["inspect", "http://127.0.0.1:\(port)/mcp", "--era", era, "--json", "--count", "1", "subscribe", "test://page"])
      defer { running.kill() }
      let ended = Task { await running.waitForEnd() }
      let changes = Task {
        while !Task.isCancelled {
          server.notifyResourceUpdated("test://page")
          try await Task.sleep(for: .milliseconds(50))
        }
      }
      await ended.value
      changes.cancel()
      let output = String(decoding: running.output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      #expect(running.process.terminationStatus == 0)
      #expect(output == "{\"changed\":\"resource\",\"uri\":\"test://page\"}\n")
    }
  }

  @Test(
    "on a terminal it asks the questions of the server there", .enabled(if: hasScript, "no script command: the prompt is not tested"),
    arguments: ["modern", "legacy"])
  func terminal(_ era: String) async throws {
    try await withDirectory { directory in
      // The second answer is out of range and asked for again, the third takes the default.
      let typed = "\(directory)/typed"
      try Data("call greet\nAda\n7\n\nlist prompts\nquit\n".utf8).write(to: URL(filePath: typed))
      try await withUpstream(Self.server()) { port in
        let path = try #require(SluiceBinary.path)
        let command = "'\(path)' inspect http://127.0.0.1:\(port)/mcp --era \(era) --raw"
        let outcome = try await SluiceBinary.run(
          [], environment: ["NO_COLOR": ""], input: typed, through: ["/bin/sh", "-c", "exec \(Self.scriptCommand) -qec \"$1\" /dev/null", "sh", command])
        #expect(outcome.output.contains("accept Ada 2"), "\(outcome.output)")
        #expect(outcome.output.contains("this must be from 1 to 3"), "\(outcome.output)")
        #expect(outcome.output.contains("ask topic") && outcome.output.contains("\u{1B}[1;34m-> "), "\(outcome.output)")
      }
    }
  }

  private static let scriptCommand = "/usr/bin/script"
  private static let hasScript: Bool = {
    #if os(Linux)
      FileManager.default.isExecutableFile(atPath: scriptCommand)
    #else
      false
    #endif
  }()
}

/// The example server, built with the tests.
let weatherServer: String? = SluiceBinary.path.map { ($0 as NSString).deletingLastPathComponent + "/weather-server" }.flatMap {
  FileManager.default.isExecutableFile(atPath: $0) ? $0 : nil
}

@Suite("Lines of the inspector")
struct CommandWordTests {
  @Test(
    "are split as a shell does, and JSON needs no quotes",
    arguments: [
      ("a  b\tc", ["a", "b", "c"]), ("'a b' \"c d\"e", ["a b", "c de"]), (#"a\ b "c\"d" 'e\f'"#, ["a b", "c\"d", #"e\f"#]), ("'' x", ["", "x"]), ("", []),
      (#"call say {"text": "a 'b'"}  "#, ["call", "say", #"{"text": "a 'b'"}"#]), ("request x [1, 2]", ["request", "x", "[1, 2]"]),
      ("call say t={x}", ["call", "say", "t={x}"]),
    ])
  func split(_ line: String, _ words: [String]) throws { #expect(try CommandWords.split(line, keepsJSON: true) == words) }

  @Test("that end within quotes are refused", arguments: ["'a", "\"a", "a\\"])
  func unfinished(_ line: String) { #expect(throws: CommandWords.Unfinished.self) { try CommandWords.split(line) } }
}
