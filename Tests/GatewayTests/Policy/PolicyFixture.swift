import JSON
import Logging
import MCP
import NIOCore

@testable import Gateway

/// A policy stage with one upstream, without any wire.
struct PolicyFixture {
  let stage: PolicyStage
  let upstream: Upstream
  let principal = Principal(id: "ada", groups: ["staff"], authentication: .local)

  init(_ policies: String, enforcesRows: Bool = false) throws {
    stage = PolicyStage(engine: try PolicyEngine(policies: policies, bounds: ResultBounds()))
    upstream = Upstream(.init(name: "crm", isTrusted: true, enforcesRows: enforcesRows), wire: NoWire(), logger: Logger(label: "test"))
  }

  /// A tool `crm__t`.
  func tool(isRead: Bool = true, records: JSONValue = [], properties: JSONValue = [:]) throws -> ToolEntry {
    let definition: JSONValue = [
      "name": "t", "inputSchema": ["type": "object", "properties": properties], "annotations": ["readOnlyHint": .bool(isRead), "destructiveHint": false],
      "_meta": ["dev.sluice/records": records],
    ]
    guard let entry = ToolEntry(definition.raw, of: upstream) else { throw Invalid() }
    return entry
  }

  func prompt() throws -> PromptEntry {
    guard let entry = PromptEntry((["name": "p"] as JSONValue).raw, of: upstream) else { throw Invalid() }
    return entry
  }

  func resource() throws -> ResourceEntry {
    guard let entry = ResourceEntry((["uri": "crm://r", "name": "r"] as JSONValue).raw, of: upstream, isTemplate: false) else { throw Invalid() }
    return entry
  }

  func call(_ target: Call.Target, arguments: String = "{}", from address: String? = nil, generation: UInt64 = 1, tools: [ToolEntry] = []) throws -> Call {
    let request = try Envelope(RawJSON(#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"crm__t","arguments":\#(arguments)}}"#))
    let context = RequestContext(client: ClientDescription(version: .latest), caller: principal, transport: .inProcess, remoteAddress: address)
    return Call(exchange: Exchange(request, context, principal), target: target, snapshot: Catalog.Snapshot(generation: generation, tools: tools))
  }

  /// The code of the refusal; nil if the call is allowed.
  func refusal(_ target: Call.Target, arguments: String = "{}", from address: String? = nil, tools: [ToolEntry] = []) throws -> Refusal.Code? {
    let call = try call(target, arguments: arguments, from: address, tools: tools)
    do throws(Refusal) {
      _ = try stage.authorize(call)
      return nil
    } catch {
      return error.code
    }
  }

  /// What the permit of an allowed call asks for.
  func permit(_ target: Call.Target, arguments: String = "{}", from address: String? = nil) throws -> (reasons: [String], isStrict: Bool, clearance: Clearance) {
    let permit = try stage.authorize(try call(target, arguments: arguments, from: address))
    return (permit.reasons, permit.isStrict, permit.plan.clearance)
  }

  func isListed(_ tool: ToolEntry) -> Bool { stage.maySee(tool, principal, generation: 1) != nil }

  func isListed(_ prompt: PromptEntry, tools: [ToolEntry] = []) -> Bool {
    stage.maySee(prompt, principal, in: Catalog.Snapshot(generation: 1, tools: tools))
  }

  func isListed(_ resource: ResourceEntry, tools: [ToolEntry] = []) -> Bool {
    stage.maySee(resource, uri: resource.uri, principal, in: Catalog.Snapshot(generation: 1, tools: tools))
  }

  struct Invalid: Error {}
}

private struct NoWire: ClientWire {
  private static let error = WireError(.unreachable, "no wire", mayHaveHadEffect: false)
  func roundTrip(_ request: WireRequest) async throws(WireError) -> Envelope { throw Self.error }
  func send(_ notification: ByteBuffer, version: ProtocolVersion) async throws(WireError) { throw Self.error }
  func receiveUnsolicited(
    version: ProtocolVersion, opened: @escaping @Sendable () -> Void, _ receive: @escaping @Sendable (Envelope) async -> Void
  ) async throws(WireError) { throw Self.error }
}
