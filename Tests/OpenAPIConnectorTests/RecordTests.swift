import ConnectorTesting
import JSON
import MCP
import OpenAPIConnector
import Testing

@Suite("Records of operations", .timeLimit(.minutes(2)))
struct RecordTests {
  private static let paths: JSONValue = [
    "/orders": ["get": ["operationId": "listOrders"], "post": ["operationId": "createOrder"]], "/orders/{id}": ["get": ["operationId": "getOrder"]],
  ]

  @Test("are told to policy as the settings name them, with what they refer to and what is masked in them")
  func declared() async throws {
    let test = try await DescriptionUnderTest(
      paths: Self.paths,
      settings: [
        "records": [
          "list_orders": ["type": "Order", "rows": "/data/items", "entities": ["owner": "User"], "categories": ["email": "pii"]],
          "get_order": ["type": "Shop::Order", "rows": "", "categories": ["email": "pii"]], "create_order": ["type": "Order"],
        ]
      ])
    let list = try #require(await test.tool("list_orders")?.raw["_meta"])
    #expect(list[MetaKey.records].map { JSONValue($0) } == [["type": "Order", "rows": "/body/data/items", "entities": ["owner": "User"]]])
    #expect(list[MetaKey.categories].map { JSONValue($0) } == ["/body/data/items/*/email": "pii", "/body/data/items/email": "pii"])
    let one = try #require(await test.tool("get_order")?.raw["_meta"])
    #expect(one[MetaKey.records].map { JSONValue($0) } == [["type": "Shop::Order", "rows": "/body"]])
    #expect(try await test.tool("create_order")?.raw["_meta"]?[MetaKey.records].map { JSONValue($0) } == [["type": "Order"]])
    // They stand where it was said.
    test.vendor.always("GET", "/orders", .json(["data": ["items": [["id": 1, "owner": "ada", "email": "a@example.com"]]]]))
    let result = try await test.api.structured("list_orders")
    #expect(result["body"]?["data"]?["items"]?.array?.first?["owner"] == "ada")
  }

  @Test("that are not said are not told")
  func undeclared() async throws {
    let test = try await DescriptionUnderTest(paths: Self.paths)
    #expect(try await test.tool("list_orders")?.raw["_meta"]?[MetaKey.records] == nil)
  }

  @Test(
    "A mistake in them is refused with its place",
    arguments: [
      (["nope": ["type": "Order"]], "records.nope: there is no such operation"), (["list_orders": ["rows": "/a"]], "list_orders.type: is needed"),
      (["list_orders": ["type": "an order"]], "Cedar type"), (["list_orders": ["type": "Order", "rows": "items"]], "JSON Pointer"),
      (["list_orders": ["type": "Order", "entities": ["owner": "a user"]]], "entities.owner"),
      (["list_orders": ["type": "Order", "categories": ["email": "private"]]], "expected one of public, internal, confidential, pii, secret"),
      (["list_orders": ["type": "Order", "columns": []]], "unknown key"), (["list_orders": .null], "expected a mapping"),
    ] as [(JSONObject, String)])
  func mistakes(records: JSONObject, says: String) async throws {
    let test = try await DescriptionUnderTest(paths: Self.paths)
    let refusal = ConnectorUnderTest<OpenAPIConnector>.refusal(
      ["description": .string(test.descriptionPath), "base_url": .string(test.vendor.url), "records": .object(records)])
    // The description is there as long as this is.
    withExtendedLifetime(test) {}
    #expect(refusal.contains(says), "\(refusal)")
  }
}
