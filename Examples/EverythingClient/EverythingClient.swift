import Foundation
import JSON
import MCP

/// `everything-client URL`: the client of the ecosystem's conformance tooling, with the public API alone.
///
/// The scenario's name is in MCP_CONFORMANCE_SCENARIO, the revision in MCP_CONFORMANCE_PROTOCOL_VERSION, data as JSON in MCP_CONFORMANCE_CONTEXT.
@main
struct EverythingClient {
  static func main() async {
    let environment = ProcessInfo.processInfo.environment
    do {
      guard CommandLine.arguments.count == 2 else { throw ScenarioError(description: "usage: everything-client URL") }
      let name = environment["MCP_CONFORMANCE_SCENARIO"] ?? "initialize"
      guard let scenario = Scenario.all[name] else {
        throw ScenarioError(description: "unknown scenario \(name). There are: \(Scenario.all.keys.sorted().joined(separator: ", "))")
      }
      try await scenario.run(
        ScenarioContext(
          url: CommandLine.arguments[1], versions: versions(environment["MCP_CONFORMANCE_PROTOCOL_VERSION"]),
          data: try environment["MCP_CONFORMANCE_CONTEXT"].map { try JSONValue(parsing: $0) } ?? [:]))
    } catch {
      FileHandle.standardError.write(Data("everything-client: \(error)\n".utf8))
      exit(1)
    }
  }

  private static func versions(_ asked: String?) throws -> [ProtocolVersion] {
    guard let asked else { return ProtocolVersion.allCases }
    guard let version = ProtocolVersion(rawValue: asked) else { throw ScenarioError(description: "\(asked) is no revision that this client speaks") }
    return version.era == .modern ? [version] : ProtocolVersion.allCases.filter { $0 <= version }
  }
}
