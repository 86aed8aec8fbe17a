internal import JSON
internal import MCP

/// The schema as resources: `sql://{database}/tables` and `sql://{database}/tables/{table}`.
struct TableResources {
  let connector: SQLConnector

  private var root: String { "sql://\(connector.configuration.name)/tables" }

  static func list(_ tables: [SQLTable]) -> JSONValue {
    let entries: [JSONValue] = tables.map { table in
      var entry: JSONValue = ["name": .string(table.name)]
      if let description = table.description { entry["description"] = .string(description) }
      entry["columns"] = .array(table.columns.map { .string($0.name) })
      return entry
    }
    return ["tables": .array(entries)]
  }

  func add(to server: Server) throws {
    let (tables, root) = (connector.tables, root)
    server.add(
      Resource(uri: root, name: "tables", title: "Tables", description: "The tables of the database and their columns.", mimeType: "application/json") { _ in
        .text(Self.list(tables).text)
      })
    for table in tables {
      server.add(
        Resource(
          uri: "\(root)/\(table.name)", name: table.name, title: "Table \(table.name)", description: table.description, mimeType: "application/json"
        ) { _ in .text(table.json.text) })
    }
    let template = "\(root)/{table}"
    server.add(
      try ResourceTemplate(
        uriTemplate: template, name: "table", title: "A table", description: "The columns of one table.", mimeType: "application/json"
      ) { [connector] read in
        guard let table = connector.table(read["table"] ?? "") else { throw read.notFound }
        return .text(table.json.text)
      })
    server.addCompletion(for: .resourceTemplate(template, argument: "table")) { request in
      Completion(tables.map(\.name).filter { $0.hasPrefix(request.value.lowercased()) })
    }
  }
}
