import Foundation
import JSON
import MCP
import MCPTesting
import Testing

@Suite("The compatibility suites", .timeLimit(.minutes(5)))
struct CompatibilityTests {
  @Test("find nothing wrong with a server of the SDK")
  func sound() async throws {
    let report = try await Compatibility.report(
      on: Calculator.server(),
      samples: [
        ToolSample("add", ["a": 1]), ToolSample("divide", ["a": 1, "b": 2]), ToolSample("divide", ["a": 1, "b": 0], fails: true),
        ToolSample("add", ["a": "one"], fails: true), ToolSample("count", ["n": 2], comparing: .form),
      ])
    #expect(report.problems.isEmpty, "\(report)")
    #expect(report.tools == 4 && report.calls == 5 * Wire.all.count)
    try report.check()
  }

  @Test("say what is wrong with a list", arguments: ["spaced name", "no valid JSON Schema", "listed twice", "no description", "\"type\": \"object\""])
  func lists(_ says: String) async throws {
    let server = ScriptedServer { request in
      switch request.method {
      case .toolsList:
        [
          "tools": [
            ["name": "spaced name", "description": "x", "inputSchema": ["type": "object"]], ["name": "twice", "inputSchema": ["type": "objekt"]],
            ["name": "twice", "description": "x", "inputSchema": [:]],
          ]
        ]
      default: throw RPCError(.invalidParams, "no")
      }
    }
    let report = try await Compatibility.report(on: server, wires: [.memory])
    #expect(report.description.contains(says), "\(report)")
    #expect(throws: CompatibilityReport.self) { try report.check() }
  }

  @Test("see a list that changes by itself, a tool that answers each wire otherwise, and one that takes unknown names")
  func unstable() async throws {
    let server = ScriptedServer { request in
      switch request.method {
      case .toolsList: ["tools": [["name": .string("t"), "description": .string("\(request.count)"), "inputSchema": ["type": "object"]]]]
      default: ["content": [["type": "text", "text": .string("\(request.version)")]]]
      }
    }
    let wires = [Wire(.memory, .latest), Wire(.memory, .latestLegacy)]
    let text = try await Compatibility.report(on: server, wires: wires, samples: [ToolSample("t"), ToolSample("absent")]).description
    for says in ["gives another list the second time", "a tool that does not exist gives a result", "t: answers {}", "absent: there is a sample"] {
      #expect(text.contains(says), "\(text)")
    }
    let alike = try await Compatibility.report(on: server, wires: wires, samples: [ToolSample("t", comparing: .form)]).description
    #expect(!alike.contains("answers"), "\(alike)")
  }

  @Test("see structured content that does not fit its schema")
  func structured() async throws {
    let server = ScriptedServer { request in
      switch request.method {
      case .toolsList:
        let schema: JSONValue = ["type": "object", "properties": ["n": ["type": "integer"]], "required": ["n"]]
        return ["tools": [["name": "t", "description": "x", "inputSchema": ["type": "object"], "outputSchema": schema]]]
      case .toolsCall where request["name"] == "t": return ["content": [], "structuredContent": ["n": "one"]]
      default: throw RPCError(.invalidParams, "no")
      }
    }
    let report = try await Compatibility.report(on: server, wires: [.http], samples: [ToolSample("t")])
    #expect(report.description.contains("/n must be of type integer"), "\(report)")
  }

  @Test("a listing is written once, and then a change of a tool is found with its line")
  func listing() async throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: "mcp-testing-\(UUID())").path
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let path = "\(directory)/tools.txt"
    let server = Calculator.server()
    try await ToolListing(of: server).check(against: path)
    try await ToolListing(of: Calculator.server()).check(against: path)
    server.add(Tool(name: "add", description: "Adds otherwise.") { _ in ToolResult(text: "") })
    let changed = try await ToolListing(of: server)
    let mismatch = #expect(throws: ToolListingMismatch.self) { try changed.check(against: path) }
    #expect(mismatch?.description.contains("Adds otherwise.") == true, "\(mismatch as Any)")
  }
}
