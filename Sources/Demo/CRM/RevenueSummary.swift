internal import JSON
internal import MCP
internal import SQLConnector

extension CRM {
  private static let groups: [(name: String, key: SQLFragment)] = [
    ("region", "region"), ("team", "team"), ("quarter", "substr(close_date, 1, 4) || '-Q' || ((substr(close_date, 6, 2) + 2) / 3)"),
  ]

  /// Sums over the closed opportunities that the caller may see; the sums of others are none of the caller's.
  var revenueSummary: Tool {
    Tool(
      name: "revenue_summary", title: "Revenue summary", description: "Sums up the closed opportunities that you may see, by region, team or quarter, and by currency.",
      inputSchema: [
        "type": "object", "properties": ["by": ["type": "string", "enum": .array(Self.groups.map { .string($0.name) })]], "required": ["by"],
        "additionalProperties": false,
      ],
      outputSchema: [
        "type": "object",
        "properties": [
          "groups": [
            "type": "array",
            "items": [
              "type": "object",
              "properties": [
                "key": ["type": "string"], "currency": ["type": "string"], "closed": ["type": "integer"], "won": ["type": "integer"],
                "revenue": ["type": "integer", "description": "Whole units of the currency."],
              ],
              "required": ["key", "currency", "closed", "won", "revenue"],
            ],
          ]
        ],
        "required": ["groups"],
      ],
      annotations: Self.reading, meta: [MetaKey.records: .array([opportunities.declaration(rows: nil)?.json].compactMap { $0 })]
    ) { [connector, opportunities] call in
      try await ToolResult.catching {
        let key = Self.groups.first { $0.name == call.string("by") }?.key ?? "region"
        let rows = try await connector.select([opportunities], for: call) { visible in
          "SELECT \(key) AS key, currency, count(*), sum(won), sum(revenue) FROM (\(visible[0])) WHERE closed = 1 GROUP BY 1, 2 ORDER BY 1, 2"
        }
        let names = ["key", "currency", "closed", "won", "revenue"]
        let values = rows.map { $0.map { $0.json() } }
        let groups: [JSONValue] = values.map { row in
          var group = JSONObject()
          for (name, value) in zip(names, row) { group[name] = value }
          return .object(group)
        }
        return ToolResult(structured: ["groups": .array(groups)], text: CompactTable(columns: names, rows: values).text)
      }
    }
  }
}
