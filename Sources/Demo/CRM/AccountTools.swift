internal import JSON
internal import MCP
internal import SQLConnector

extension CRM {
  var getAccount: Tool {
    let declarations = [accounts.declaration(rows: "/account"), opportunities.declaration(rows: nil), contacts.declaration(rows: nil)]
    return Tool(
      name: "get_account", title: "Get an account", description: "Gets an account, and how many of its open opportunities and contacts you may see.",
      inputSchema: [
        "type": "object", "properties": ["id": ["type": "string", "description": "acc_..."]], "required": ["id"], "additionalProperties": false,
      ],
      outputSchema: [
        "type": "object",
        "properties": ["account": accounts.rowSchema, "open_opportunities": ["type": "integer"], "open_amount": ["type": "integer"], "contacts": ["type": "integer"]],
        "required": ["account", "open_opportunities", "open_amount", "contacts"],
      ],
      annotations: Self.reading,
      meta: [
        MetaKey.records: .array(declarations.compactMap { $0?.json }), MetaKey.categories: .object(accounts.categories(row: "/account")),
      ]
    ) { call in
      try await ToolResult.catching {
        let id = call.string("id") ?? ""
        let page = try await connector.page(RecordQuery(accounts, where: ["id = \(.text(id))"], limit: 1), for: call)
        guard let account = page.records.first else {
          return .error("The account \"\(id.prefix(64))\" was not found, or it is not yours to see. list_opportunities and search_contacts give ids of accounts.")
        }
        let counts = try await connector.select([opportunities, contacts], for: call) { visible in
          """
          SELECT (SELECT count(*) FROM (\(visible[0])) WHERE account_id = \(.text(id)) AND closed = 0), \
          (SELECT coalesce(sum(amount), 0) FROM (\(visible[0])) WHERE account_id = \(.text(id)) AND closed = 0), \
          (SELECT count(*) FROM (\(visible[1])) WHERE account_id = \(.text(id)))
          """
        }
        let count = (counts.first ?? []).map { $0.json() }
        guard count.count == 3 else { return .error("The account \(id) cannot be counted at the moment. Try again.") }
        let structured: JSONValue = ["account": account, "open_opportunities": count[0], "open_amount": count[1], "contacts": count[2]]
        let text = "\(page.text)\n\nOpen opportunities: \(count[0].text) worth \(count[1].text). Contacts: \(count[2].text)."
        return ToolResult(structured: structured, text: text)
      }
    }
  }

  var updateAccount: Tool {
    Self.update(
      accounts, as: "account", connector, "update_account", "Change an account", "Sets the tier of an account.",
      [
        "id": ["type": "string", "description": "acc_..."], "tier": ["type": "string", "enum": .array(SampleWords.tiers.map { .string($0) })],
      ], ["id", "tier"]
    ) { call in [("tier", .text(call.string("tier") ?? ""))] }
  }

  var searchContacts: Tool {
    let list = ListTool(table: contacts, always: ["id", "owner", "team"])
    return Tool(
      name: "search_contacts", title: "Search contacts", description: "Finds contacts whose name, title, account or e-mail address holds all words of the query.",
      inputSchema: list.inputSchema(["query": ["type": "string", "description": "Words, in any case. Empty finds all."]], required: ["query"]),
      outputSchema: list.outputSchema, annotations: Self.reading, meta: list.meta
    ) { [connector] call in
      try await ToolResult.catching {
        let words = (call.string("query") ?? "").split(separator: " ")
        guard words.count <= 8, words.allSatisfy({ $0.utf8.count <= 100 }) else {
          throw SQLToolError("\"query\" may have 8 words of 100 bytes each. Use the rarest ones.")
        }
        // Over the columns as the caller sees them: what is masked cannot be searched for.
        let conditions: [SQLFragment] = words.map { "instr(lower(name || ' ' || title || ' ' || account || ' ' || email), \(.text($0.lowercased()))) > 0" }
        return list.result(try await connector.page(try list.query(call, where: conditions, order: .init("name")), for: call))
      }
    }
  }

  var listActivities: Tool {
    let list = ListTool(table: activities, always: ["id", "owner", "team"])
    return Tool(
      name: "list_activities", title: "List activities", description: "Lists calls, e-mails, meetings and notes, newest first.",
      inputSchema: list.inputSchema([
        "account_id": ["type": "string"], "opportunity_id": ["type": "string"], "owner": ["type": "string"],
        "type": ["type": "string", "enum": ["call", "email", "meeting", "note"]],
      ]),
      outputSchema: list.outputSchema, annotations: Self.reading, meta: list.meta
    ) { [connector] call in
      try await ToolResult.catching {
        var conditions: [SQLFragment] = []
        for column in ["account_id", "opportunity_id", "owner", "type"] {
          if let value = call.string(column) { conditions.append("\(identifier: column) = \(.text(value))") }
        }
        return list.result(try await connector.page(try list.query(call, where: conditions, order: .init("date", descending: true)), for: call))
      }
    }
  }
}
