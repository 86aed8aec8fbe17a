import ConnectorKit
import ConnectorTesting
import Foundation
import JSON
import MCP
import OpenAPIConnector
import Testing

@Suite("A real service by its published description", .enabled(if: GlancesService.isPresent, "\(GlancesService.absence)"), .timeLimit(.minutes(3)))
struct RealServiceTests {
  @Test("Glances, which publishes OpenAPI 3.1: its description is read whole, its reads are called and its refusals told")
  func glances() async throws {
    let service = try await GlancesService()
    let test = try ConnectorUnderTest(
      OpenAPIConnector.self,
      ["description": .string(service.description.path), "base_url": .string(service.url), "probe": "api_status_api_4_status_get"], isGoverned: true)
    let tools = try await test.client.listTools()
    // Read-only by default: what clears events or starts something is not offered.
    #expect(tools.count > 25 && tools.allSatisfy { $0.annotations.readOnly == true } && !tools.contains { $0.name.contains("clear") })
    for tool in tools { #expect(throws: Never.self) { try JSONSchema(tool.inputSchema) } }
    #expect(await test.connector.check().contains { $0.message == "api_status_api_4_status_get answered with status 200" })

    #expect(try await test.structured("api_status_api_4_status_get")["body"]?["version"]?.string?.isEmpty == false)
    let plugins = try await test.structured("api_plugins_api_4_pluginslist_get")["body"]?.array?.compactMap(\.string) ?? []
    #expect(plugins.contains("mem") && plugins.contains("cpu"))
    let memory = try await test.structured("api_api_4_plugin_get", ["plugin": "mem"])
    #expect(memory["status"] == 200 && (memory["body"]?["total"]?.int ?? 0) > 0)
    let item = try await test.structured("api_item_api_4_plugin_item_get", ["plugin": "mem", "item": "total"])
    #expect(item["body"]?["total"] == memory["body"]?["total"])
    let history = try await test.structured("api_history_api_4_plugin_history_nb_get", ["plugin": "cpu", "nb": 2])
    #expect(history["body"]?.object != nil)

    #expect(try await test.failure("api_api_4_plugin_get", ["plugin": "nope"]).contains("Unknown plugin nope"))
    // A path that another segment would fit in is not reached by an argument.
    #expect(try await test.failure("api_api_4_plugin_get", ["plugin": "mem/total"]).contains("must not hold a slash"))
    #expect(try await test.failure("api_api_4_plugin_get", ["plugin": ".."]).contains("another path"))
    // Numbers are checked here before they are there.
    #expect(try await test.failure("api_history_api_4_plugin_history_nb_get", ["plugin": "cpu", "nb": "two"]).contains("nb"))
  }
}
