internal import JSON
internal import MCP
internal import SQLConnector

extension CRM {
  private static let orders: [(name: String, order: RecordQuery.Order)] = [
    ("close_date", .init("close_date")), ("-close_date", .init("close_date", descending: true)), ("amount", .init("amount")),
    ("-amount", .init("amount", descending: true)), ("id", .init("id")),
  ]

  private static var stageSchema: JSONValue { ["type": "string", "enum": .array(CompanySchema.stages.map { .string($0) })] }

  var listOpportunities: Tool {
    let list = ListTool(table: opportunities, always: ["id", "owner", "team", "region", "closed"])
    return Tool(
      name: "list_opportunities", title: "List opportunities", description: "Lists the opportunities that you may see, a page at a time. All conditions must hold.",
      inputSchema: list.inputSchema([
        "stage": Self.stageSchema, "closed": ["type": "boolean"], "owner": ["type": "string", "description": "An employee's id, such as maya.chen."],
        "account_id": ["type": "string"], "min_amount": ["type": "number"],
        "order": ["type": "string", "enum": .array(Self.orders.map { .string($0.name) }), "description": "A minus means descending; -close_date if not given."],
      ]),
      outputSchema: list.outputSchema, annotations: Self.reading, meta: list.meta
    ) { [connector] call in
      try await ToolResult.catching {
        var conditions: [SQLFragment] = []
        for column in ["stage", "owner", "account_id"] {
          if let value = call.string(column) { conditions.append("\(identifier: column) = \(.text(value))") }
        }
        if let closed = call.bool("closed") { conditions.append("closed = \(.integer(closed ? 1 : 0))") }
        if let amount = call.double("min_amount") { conditions.append("amount >= \(.real(amount))") }
        let order = Self.orders.first { $0.name == call.string("order") ?? "-close_date" }?.order ?? .init("id")
        return list.result(try await connector.page(try list.query(call, where: conditions, order: order), for: call))
      }
    }
  }

  var updateOpportunityStage: Tool {
    update(
      name: "update_opportunity_stage", title: "Move an opportunity to a stage",
      description: "Sets the stage of an opportunity. closed_won and closed_lost close it, any other stage opens it again.",
      properties: ["id": ["type": "string", "description": "opp_..."], "stage": Self.stageSchema], required: ["id", "stage"]
    ) { call in
      let stage = call.string("stage") ?? ""
      return [
        ("stage", .text(stage)), ("closed", .integer(stage.hasPrefix("closed_") ? 1 : 0)), ("won", .integer(stage == "closed_won" ? 1 : 0)),
      ]
    }
  }

  var updateOpportunityForecast: Tool {
    update(
      name: "update_opportunity_forecast", title: "Set an opportunity's forecast", description: "Sets how likely an opportunity is and what it is expected to bring.",
      properties: [
        "id": ["type": "string", "description": "opp_..."],
        "forecast_category": ["type": "string", "enum": .array(CompanySchema.forecastCategories.map { .string($0) })],
        "forecast_amount": ["type": "integer", "minimum": 0, "maximum": 1_000_000_000, "description": "Whole units of the opportunity's currency."],
      ], required: ["id", "forecast_category", "forecast_amount"]
    ) { call in
      let amount = call.int("forecast_amount") ?? -1
      guard (0...1_000_000_000).contains(amount) else { throw SQLToolError("\"forecast_amount\" must be a whole number from 0 to 1000000000.") }
      return [("forecast_category", .text(call.string("forecast_category") ?? "")), ("forecast_amount", .integer(Int64(amount)))]
    }
  }

  private func update(
    name: String, title: String, description: String, properties: JSONObject, required: [JSONValue],
    _ values: @escaping @Sendable (ToolCall) throws -> [(column: String, value: SQLValue)]
  ) -> Tool {
    Self.update(opportunities, as: "opportunity", connector, name, title, description, properties, required, values)
  }

  /// A tool that changes one row and answers with it.
  static func update(
    _ table: SQLTable, as member: String, _ connector: SQLConnector, _ name: String, _ title: String, _ description: String, _ properties: JSONObject,
    _ required: [JSONValue], _ values: @escaping @Sendable (ToolCall) throws -> [(column: String, value: SQLValue)]
  ) -> Tool {
    Tool(
      name: name, title: title, description: description,
      inputSchema: ["type": "object", "properties": .object(properties), "required": .array(required), "additionalProperties": false],
      outputSchema: ["type": "object", "properties": .object([member: table.rowSchema]), "required": [.string(member)]], annotations: changing,
      meta: [
        MetaKey.records: .array([table.declaration(rows: "/" + member)?.json].compactMap { $0 }), MetaKey.categories: .object(table.categories(row: "/" + member)),
      ]
    ) { call in
      try await ToolResult.catching {
        let id = call.string("id") ?? ""
        guard let row = try await connector.update(table, id: id, set: try values(call), for: call) else {
          return .error("The \(member) \"\(id.prefix(64))\" was not found, or you are not permitted to change it. Nothing was changed.")
        }
        return ToolResult(structured: .object([member: row]), text: "Changed \(member) \(id): \(row.text)")
      }
    }
  }
}
