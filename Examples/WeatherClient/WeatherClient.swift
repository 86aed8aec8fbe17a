import ArgumentParser
import JSON
import MCP
import MCPHTTP

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A client of `weather-server`, or of any server with the same tools.
///
///     weather-client Oslo -- weather-server
///     weather-client Oslo --url http://127.0.0.1:8080/mcp --watch 1
@main struct WeatherClient: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "weather-client", abstract: "Asks an MCP weather server for the weather in a city.")

  @Argument(help: "The city.")
  var city: String

  @Argument(parsing: .postTerminator, help: "The server: a command and its arguments, after --.")
  var command: [String] = []

  @Option(help: "The server: the URL of its endpoint.")
  var url: String?

  @Option(help: "Then wait for this many changes of the server's lists.")
  var watch = 0

  func run() async throws {
    try await Client.with(transport(), settings: Client.Settings(name: "weather-client")) { client in
      let server = try await client.connect()
      say("\(server.serverInfo?["name"]?.string ?? "a server") speaks \(server.version.rawValue)")
      // Page by page, as they are asked for.
      for try await tool in client.tools() { say("tool \(tool.name): \(tool.description ?? "")") }

      let conditions = try await client.callTool("get_current", ["city": .string(city)], returning: Conditions.self)
      say("\(conditions.city) now: \(conditions)")

      let options = RequestOptions(onProgress: { progress in say("progress \(Int(progress.progress)) of \(Int(progress.total ?? 0))") })
      let forecast = try await client.callTool("get_forecast", Query(city: city, days: 3), returning: [Conditions].self, options: options)
      for day in forecast { say("day \(day.day): \(day)") }

      try await watch(client)
    }
  }

  private func watch(_ client: Client) async throws {
    guard watch > 0 else { return }
    var rest = watch
    let changes = try await client.subscribe(to: .lists)
    say("watching")
    for await change in changes {
      say("changed: \(change)")
      rest -= 1
      if rest == 0 { return }
    }
  }

  private func transport() throws -> ClientTransport {
    if let url { return .http(url) }
    guard let program = command.first else { throw ValidationError("Name a server: --url URL, or -- COMMAND ARGUMENTS") }
    return .stdio(program, Array(command.dropFirst()))
  }
}

/// Arguments are any `Encodable`.
struct Query: Encodable, Sendable {
  var city: String
  var days: Int
}

/// Results are any `Decodable`: the members that this client reads.
struct Conditions: Decodable, CustomStringConvertible {
  var city: String
  var day: Int
  var sky: String
  var temperature: Double

  var description: String { "\(sky), \(temperature) degrees" }
}

/// Prints a line at once, also into a pipe.
private func say(_ line: String) {
  print(line)
  fflush(nil)
}
