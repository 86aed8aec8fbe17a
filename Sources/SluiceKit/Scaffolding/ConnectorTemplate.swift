/// A connector: records with their owners and categories declared, bounded results, writes apart from reads.
enum ConnectorTemplate {
  static func files(_ scaffold: Scaffold) -> [(path: String, text: String)] {
    let module = scaffold.module
    return [
      ("Sources/\(module)/Ticket.swift", ticket), ("Sources/\(module)/TicketStore.swift", store), ("Sources/\(module)/TicketTools.swift", tools),
      ("Sources/\(module)/Server.swift", server(scaffold)), ("Tests/\(module)Tests/\(module)Tests.swift", tests(scaffold)),
      ("sluice.yaml", configuration(scaffold)),
    ]
  }

  private static let ticket = """
    import JSON
    import MCP
    import MCPTools

    /// A record of the other system. Its owner and its category are what policies speak of.
    public struct Ticket: ToolObject, Equatable {
      public var id: String
      public var title: String
      /// The id of a user.
      public var assignee: String
      public var isOpen: Bool
      public var reporterEmail: String

      public init(id: String, title: String, assignee: String, isOpen: Bool, reporterEmail: String) {
        self.id = id
        self.title = title
        self.assignee = assignee
        self.isOpen = isOpen
        self.reporterEmail = reporterEmail
      }

      public init(json: RawJSON) throws(ValueError) {
        let reader = try ObjectReader(json)
        id = try reader.read("id")
        title = try reader.read("title")
        assignee = try reader.read("assignee")
        isOpen = try reader.read("is_open")
        // What was masked on the way is null.
        reporterEmail = try reader.read("reporter_email", String?.self) ?? ""
      }

      public static func schema(_ builder: inout SchemaBuilder) -> JSONValue {
        builder.object(Self.self, "A ticket.") { members in
          members.add("id", String.self)
          members.add("title", String.self)
          members.add("assignee", String.self, "The id of a user.")
          members.add("is_open", Bool.self)
          members.add("reporter_email", String?.self)
        }
      }

      public var jsonValue: JSONValue {
        ["id": .string(id), "title": .string(title), "assignee": .string(assignee), "is_open": .bool(isOpen), "reporter_email": .string(reporterEmail)]
      }
    }

    """

  private static let store = """
    import Synchronization

    /// The other system. Put calls of its API in place of the dictionary; what fails there is thrown, never an empty list.
    public final class TicketStore: Sendable {
      /// Guards the tickets.
      private let tickets: Mutex<[Ticket]>

      public init(_ tickets: [Ticket]) { self.tickets = Mutex(tickets) }

      /// Made up, so that the package runs as it is.
      public static var sample: TicketStore {
        TicketStore([
          Ticket(id: "T-1", title: "The printer is on fire", assignee: "ada", isOpen: true, reporterEmail: "kim@example.com"),
          Ticket(id: "T-2", title: "A new keyboard", assignee: "bob", isOpen: true, reporterEmail: "lee@example.com"),
          Ticket(id: "T-3", title: "The lift is slow", assignee: "ada", isOpen: false, reporterEmail: "kim@example.com"),
        ])
      }

      /// Tickets in the order of their ids, after one of them.
      func list(isOpen: Bool?, after id: String?, limit: Int) async throws -> [Ticket] {
        tickets.withLock { tickets in
          var found = tickets.sorted { $0.id < $1.id }
          if let isOpen { found.removeAll { $0.isOpen != isOpen } }
          if let id { found.removeAll { $0.id <= id } }
          return Array(found.prefix(limit))
        }
      }

      /// - Returns: the ticket as it is now; nil where there is none.
      func close(_ id: String) async throws -> Ticket? {
        tickets.withLock { tickets in
          guard let place = tickets.firstIndex(where: { $0.id == id }) else { return nil }
          tickets[place].isOpen = false
          return tickets[place]
        }
      }
    }

    """

  private static let tools = """
    import JSON
    import MCP
    import MCPTools

    /// A page of tickets.
    struct TicketPage: ToolObject {
      var tickets: [Ticket]
      var nextCursor: String?

      init(tickets: [Ticket], nextCursor: String?) {
        self.tickets = tickets
        self.nextCursor = nextCursor
      }

      init(json: RawJSON) throws(ValueError) {
        let reader = try ObjectReader(json)
        tickets = try reader.read("tickets")
        nextCursor = try reader.read("next_cursor")
      }

      static func schema(_ builder: inout SchemaBuilder) -> JSONValue {
        builder.object(Self.self, "A page of tickets.") { members in
          members.add("tickets", [Ticket].self)
          members.add("next_cursor", String?.self, "Pass it as cursor to get what follows. Absent at the end.")
        }
      }

      var jsonValue: JSONValue {
        var json: JSONValue = ["tickets": .array(tickets.map(\\.jsonValue))]
        if let nextCursor { json["next_cursor"] = .string(nextCursor) }
        return json
      }
    }

    /// The tools, those that read apart from those that change something.
    enum TicketTools {
      static let pageLimit = 100

      /// Which records a result holds, and what of them is sensitive: a gateway filters and masks by it.
      static func records(_ rows: String, _ each: String) -> [ToolTrait] {
        [
          .meta(MetaKey.records, [RecordDeclaration(type: "Ticket", rows: rows, entities: ["assignee": "User"]).json]),
          .meta(MetaKey.categories, .object([each + "/reporter_email": "pii"])),
        ]
      }

      static func reading(_ store: TicketStore) -> [Tool] {
        [
          Tool(
            name: "list_tickets", description: "Lists the tickets that you may see, a page at a time, in the order of their ids.",
            traits: [.readOnly, .closedWorld] + records("/tickets", "/tickets/*"),
            parameters: Parameter("is_open", Bool?.self, description: "Only open ones, or only closed ones."),
            Parameter("limit", Int.self, description: "Tickets a page.", default: 25, constraints: .range(1...pageLimit)),
            Parameter("cursor", String?.self, description: "next_cursor of the page before.")
          ) { _, isOpen, limit, cursor in
            // One more than asked for tells whether there is another page.
            let found = try await store.list(isOpen: isOpen, after: cursor, limit: limit + 1)
            return TicketPage(tickets: Array(found.prefix(limit)), nextCursor: found.count > limit ? found[limit - 1].id : nil)
          }
        ]
      }

      static func writing(_ store: TicketStore) -> [Tool] {
        [
          Tool(
            name: "close_ticket", description: "Closes a ticket and answers with it.",
            traits: [.destructive, .idempotent, .closedWorld] + records("", ""),
            parameters: Parameter("id", String.self, description: "The ticket, as list_tickets gives it.", constraints: .pattern("^T-[0-9]+$"))
          ) { _, id in
            guard let ticket = try await store.close(id) else { throw ToolError("There is no ticket \\(id). list_tickets tells which there are.") }
            return ticket
          }
        ]
      }
    }

    """

  private static func server(_ scaffold: Scaffold) -> String {
    """
    import MCP
    import MCPTools

    /// The server, over whatever it is served.
    ///
    /// - Parameter isReadOnly: offers no tool that changes anything, whatever policies say.
    public func makeServer(_ store: TicketStore, isReadOnly: Bool = false) -> Server {
      Server(name: "\(scaffold.name.text)", version: "1.0.0", instructions: "You see the tickets of the person you work for.") {
        for tool in TicketTools.reading(store) { tool }
        if !isReadOnly {
          for tool in TicketTools.writing(store) { tool }
        }
      }
    }

    """
  }

  private static func tests(_ scaffold: Scaffold) -> String {
    """
    import MCP
    import MCPTesting
    import \(scaffold.module)
    import Testing

    @Suite("\(scaffold.name.text)")
    struct \(scaffold.module)Tests {
      @Test("pages follow each other until the end, over every wire", arguments: Wire.all)
      func pages(over wire: Wire) async throws {
        try await withClient(of: makeServer(.sample), over: wire) { client in
          let first = try await client.callTool("list_tickets", ["limit": 2])
          #expect(first.structured?["tickets"]?.array?.map { $0["id"] } == ["T-1", "T-2"])
          let second = try await client.callTool("list_tickets", ["limit": 2, "cursor": first.structured?["next_cursor"] ?? .null])
          #expect(second.structured?["tickets"]?.array?.map { $0["id"] } == ["T-3"])
          #expect(second.structured?["next_cursor"] == nil)
        }
      }

      @Test("a ticket is closed, and one that is not there is an error that says what to do", arguments: Wire.all)
      func close(over wire: Wire) async throws {
        try await withClient(of: makeServer(.sample), over: wire) { client in
          let closed = try await client.callTool("close_ticket", ["id": "T-2"])
          #expect(closed.structured?["is_open"] == false)
          let missing = try await client.callTool("close_ticket", ["id": "T-99"])
          #expect(missing.isError && missing.text.contains("list_tickets"))
        }
      }

      @Test("read-only leaves out what changes anything")
      func readOnly() async throws {
        try await withClient(of: makeServer(.sample, isReadOnly: true), over: .memory) { client in
          let tools = try await client.listTools()
          #expect(tools.map(\\.name) == ["list_tickets"])
        }
      }

      @Test("the server is what every client expects")
      func compatible() async throws {
        try await Compatibility.report(on: makeServer(.sample), samples: [ToolSample("list_tickets"), ToolSample("close_ticket", ["id": "T-1"])]).check()
      }
    }

    """
  }

  private static func configuration(_ scaffold: Scaffold) -> String {
    """
    # The connector behind Sluice: sluice token create --config sluice.yaml --user ada; sluice serve --config sluice.yaml
    name: \(scaffold.name.text)
    listen: 127.0.0.1:7300
    audit: {origin: example.com/\(scaffold.name.text)}
    identity:
      users:
        ada: {roles: [agent]}
        bob: {roles: [lead]}
    policy:
      cedar: |
        // Agents read their own tickets, leads all of them. Tools that declare records are authorized over the records.
        @id("agents-read-own")
        permit (principal in Role::"agent", action in Action::"read", resource)
        when { resource is Ticket && resource.assignee == principal };
        @id("leads")
        permit (principal in Role::"lead", action, resource)
        when { resource is Ticket || resource is Tool };
        @id("leads-see-pii")
        permit (principal in Role::"lead", action == Action::"reveal", resource == Category::"pii");
    upstreams:
      tickets:
        command: .build/release/\(scaffold.name.text)
        trusted: true                  # believe its annotations and its records

    """
  }
}
