public import MCP

/// One way in which a client reaches a server: over what, and in which revision.
///
/// As arguments of a test it gives one case for each:
///
/// ```swift
/// @Test(arguments: Wire.all)
/// func adds(over wire: Wire) async throws {
///   try await withClient(of: Calculator.server(), over: wire) { client in
///     #expect(try await client.callTool("add", ["a": 1, "b": 2]).text == "3")
///   }
/// }
/// ```
public struct Wire: Sendable, Hashable, CustomStringConvertible {
  public enum Transport: String, Sendable, CaseIterable {
    /// Messages are handed over in this process, without a byte on any wire.
    case memory
    /// Lines through a pair of pipes, with both ends in this process.
    case stdio
    /// Streamable HTTP on a free port of 127.0.0.1.
    case http
  }

  public var transport: Transport
  public var version: ProtocolVersion

  public init(_ transport: Transport, _ version: ProtocolVersion) {
    self.transport = transport
    self.version = version
  }

  /// Every transport, each in the newest revision of both eras: 2026-07-28 and 2025-11-25.
  public static let all: [Wire] = Transport.allCases.flatMap { transport in
    [ProtocolVersion.latest, .latestLegacy].map { Wire(transport, $0) }
  }

  public static let memory = Wire(.memory, .latest)
  public static let stdio = Wire(.stdio, .latest)
  public static let http = Wire(.http, .latest)

  public var description: String { "\(transport.rawValue), \(version.rawValue)" }
}
