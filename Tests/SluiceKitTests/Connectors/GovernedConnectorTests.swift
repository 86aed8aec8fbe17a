import ConnectorTesting
import Foundation
import JSON
import MCP
import Testing

@testable import SluiceKit

/// Connectors behind `sluice serve`: policy before each call, its obligations behind it, and a leaf for everything.
@Suite(
  "Connectors behind the gateway", .enabled(if: SluiceBinary.path != nil, "no sluice executable beside the tests: connectors not tested behind it"),
  .timeLimit(.minutes(3)))
struct GovernedConnectorTests {
  @Test(
    "A real API, by its published description: those who may read read, nobody writes, and the log says who asked what",
    .enabled(if: GlancesService.isPresent, "\(GlancesService.absence)"))
  func realService() async throws {
    let service = try await GlancesService()
    try await withDirectory { state in
      var configuration = TestConfiguration()
      configuration.policies = """
        @id("readers-read") permit (principal in Role::"reader", action, resource) unless { resource.name like "*config*" };
        """
      configuration.upstreams = [
        "machine": [
          "connector": "openapi",
          "settings": ["description": .string(service.description.path), "base_url": .string(service.url), "operations": ["deny": ["*_args_*"]], "read_only": false],
        ]
      ]
      let (port, token) = try await ServeProcess.prepare(configuration, state: state)
      let process = try await ServeProcess.start(state: state, port: port, token: token)
      defer { process.running.kill() }
      let ada = process.client
      let tools = try await ada.modern("tools/list").result?["tools"]?.array?.compactMap { $0["name"]?.string } ?? []
      #expect(tools.contains("machine__api_api_4_plugin_get"), "\(tools)")
      #expect(!tools.contains { $0.contains("_config_") || $0.contains("_args_") })
      let memory = try await ada.call("machine__api_api_4_plugin_get", ["plugin": "mem"])
      #expect((memory.structured?["body"]?["total"]?.int ?? 0) > 0, "\(memory.text)")
      let refused = try await ada.call("machine__api_config_api_4_config_get")
      #expect(refused.structured == nil && (refused.error != nil || refused.isToolError), "\(refused.text)")
      let stranger = try await ada.with(token: nil).call("machine__api_api_4_plugin_get", ["plugin": "mem"])
      #expect(stranger.status == 401)
      process.running.kill(SIGTERM)
      await process.running.waitForEnd()
      let leaves = try AuditTrail.leaves(state: state)
      let intents = leaves.of("intent").filter { $0["what"]?["name"] == "machine__api_api_4_plugin_get" }
      #expect(intents.map { $0["who"]?["id"] } == ["ada"] && intents.first?["policy"]?["permits"] == ["readers-read"], "\(leaves.map(\.text))")
      #expect(leaves.of("refusal").contains { $0["what"]?["name"] == "machine__api_config_api_4_config_get" }, "\(leaves.map(\.text))")
      let verified = try await SluiceBinary.run(["audit", "verify", "--log", "\(state)/audit"])
      #expect(verified.status == 0, "\(verified.output)\(verified.errors)")
    }
  }

  @Test("Records that the settings of an OpenAPI upstream name are held to policy: rows, masks, and changes that nobody could check before")
  func describedRecords() async throws {
    let vendor = try await VendorDouble()
    vendor.always(
      "GET", "/orders",
      .json(["total": 2, "items": [["id": 1, "owner": "ada", "margin": 77_001], ["id": 2, "owner": "bob", "margin": 77_002]]]))
    for (id, owner) in [("1", "ada"), ("2", "bob")] { vendor.always("GET", "/orders/\(id)", .json(["id": .string(id), "owner": .string(owner), "margin": 77_000])) }
    vendor.always("POST", "/orders", .json(["id": 3]))
    try await withDirectory { state in
      let description: JSONValue = [
        "openapi": "3.1.0", "info": ["title": "Shop", "version": "1"],
        "paths": [
          "/orders": ["get": ["operationId": "list_orders"], "post": ["operationId": "create_order"]], "/orders/{id}": ["get": ["operationId": "get_order"]],
        ],
      ]
      try description.text.write(toFile: "\(state)/shop.json", atomically: true, encoding: .utf8)
      var configuration = TestConfiguration()
      configuration.policies = """
        @id("own") permit (principal in Role::"reader", action, resource is Order) when { resource.owner == principal };
        """
      let order: JSONObject = ["type": "Order", "entities": ["owner": "User"], "categories": ["margin": "confidential"]]
      var (list, one) = (order, order)
      list["rows"] = "/items"
      one["rows"] = ""
      configuration.upstreams = [
        "shop": [
          "connector": "openapi",
          "settings": [
            "description": .string("\(state)/shop.json"), "base_url": .string(vendor.url), "read_only": false, "fields": ["list_orders": ["items"]],
            "records": ["list_orders": .object(list), "get_order": .object(one), "create_order": ["type": "Order"]],
          ],
        ]
      ]
      try await withGateway(configuration.parsed(state: state)) { gateway in
        let ada = try await gateway.client("ada")
        let listed = try await ada.call("shop__list_orders")
        #expect(listed.structured?["body"]?["items"]?.array?.map { $0["id"] } == [1], "\(listed.text)")
        #expect(listed.structured?["body"]?["total"] == nil && !listed.text.contains("bob") && !listed.text.contains("7700"), "\(listed.text)")
        let own = try await ada.call("shop__get_order", ["id": "1"])
        #expect(own.structured?["body"]?["owner"] == "ada" && !own.text.contains("77000"), "\(own.text)")
        let other = try await ada.call("shop__get_order", ["id": "2"])
        #expect(!other.text.contains("bob"), "\(other.text)")
        let refused = try await ada.call("shop__create_order")
        #expect(refused.error != nil || refused.isToolError, "\(refused.text)")
        #expect(!vendor.requests.contains { $0.method == "POST" })
      }
    }
  }

  @Test("Rows that a policy excludes are not shown, whatever the connector found: files of one folder")
  func rows() async throws {
    try await withDirectory { state in
      try FileManager.default.createDirectory(atPath: "\(state)/files/open", withIntermediateDirectories: true)
      for (name, text) in [("plan.md", "needle"), ("pay.csv", "needle"), ("notes.md", "needle")] {
        try Data(text.utf8).write(to: URL(filePath: "\(state)/files/\(name)"))
      }
      var configuration = TestConfiguration()
      configuration.policies = """
        @id("readers") permit (principal in Role::"reader", action, resource);
        @id("no-pay") forbid (principal, action, resource is File) when { resource has extension && resource.extension == "csv" };
        """
      configuration.upstreams = ["files": ["connector": "files", "settings": ["roots": ["all": .string("\(state)/files")]]]]
      try await withGateway(configuration.parsed(state: state)) { gateway in
        let ada = try await gateway.client("ada")
        let listed = try await ada.call("files__list_directory", ["path": "all"])
        #expect(Set(listed.structured?["files"]?.array?.compactMap { $0["name"]?.string } ?? []) == ["notes.md", "open", "plan.md"], "\(listed.text)")
        let found = try await ada.call("files__search_text", ["path": "all", "text": "needle"])
        #expect(Set(found.structured?["matches"]?.array?.compactMap { $0["name"]?.string } ?? []) == ["notes.md", "plan.md"], "\(found.text)")
        let read = try await ada.call("files__read_file", ["path": "all/pay.csv"])
        #expect(!read.text.contains("needle"), "\(read.text)")
        #expect(try await ada.call("files__read_file", ["path": "all/plan.md"]).structured?["file"]?["text"] == "needle")
      }
    }
  }
}
