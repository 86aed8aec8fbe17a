import ArgumentParser
import BenchmarkSupport
import JSON
import MCP
import MCPHTTP

/// Our SDK's side of the comparison with the Python SDK (Benchmarks/SDK/compare.py), and the count of allocations.
@main struct SDKBench: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sdk-bench", abstract: "Measures the SDK.", subcommands: [Serve.self, Load.self, Allocations.self])

  struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Serves the tools over HTTP until SIGTERM; prints the port.")

    @Option var port = 0

    func run() async throws {
      let endpoint = HTTPEndpoint(BenchServer.make(), port: port)
      print(try await endpoint.start())
      flushOutput()
      try await endpoint.run()
    }
  }

  struct Load: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Asks for some seconds, and prints the figures as JSON.")

    @Argument var work: Work
    @Option(help: "The endpoint; without it the server is in this process.") var url: String?
    @Option(help: "The process of the server, whose CPU is told, too.") var server: Int32?
    @Option(help: "How many requests are under way at a time.") var connections = 1
    @Option var warmup = 0.5
    @Option var seconds = 2.0

    func run() async throws {
      let client = await makeClient()
      try await client.connect()
      let load = LoadWindow(work: work, connections: connections, serverProcess: server)
      _ = try await load.measure(client, seconds: warmup)
      print(try await load.measure(client, seconds: seconds).json.text)
      await client.close()
    }

    private func makeClient() async -> Client {
      if let url { return Client(.http(url)) }
      let server = BenchServer.make()
      return work == .parse ? await RecordedWire.client(of: server) : Client(.inProcess(server))
    }
  }
}
