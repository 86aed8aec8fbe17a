import JSON
import MCP
import MCPHTTP
import Synchronization
import Testing

@Suite("The example elicitation-server", .timeLimit(.minutes(2)))
struct ElicitationServerTests {
  private static let program = ExampleProgram("elicitation-server")
  static let ways: [(Way, ProtocolVersion)] = Way.allCases.flatMap { way in [(way, .v2026_07_28), (way, .v2025_11_25)] }

  private func withClient(
    _ way: Way, _ version: ProtocolVersion, _ handlers: ClientHandlers, _ body: (Client) async throws -> Void
  ) async throws {
    try await Self.program.withClient(way, handlers: handlers, versions: [version], transport: { .http($0) }, body)
  }

  @Test("books a table with what the user filled in, and the form's defaults for the rest", arguments: ways)
  func table(_ way: Way, _ version: ProtocolVersion) async throws {
    let forms = Mutex<[FormElicitation]>([])
    let handlers = ClientHandlers(form: { form in
      forms.withLock { $0.append(form) }
      return form.accept(["guests": 4, "avoid": ["nuts"]])
    })
    try await withClient(way, version, handlers) { client in
      let booking = try await client.callTool("book_table", ["restaurant": "Chez Ada"], returning: JSONValue.self)
      #expect(booking == ["restaurant": "Chez Ada", "guests": 4, "seats": "inside", "avoid": ["nuts"], "birthday": false])
    }
    let asked = forms.withLock { $0 }
    #expect(asked.count == 1)
    #expect(asked.first?.message == "A table at Chez Ada")
    #expect(asked.first?.defaults == ["guests": 2, "seats": "inside", "avoid": [], "birthday": false])
    let seats = asked.first?.requestedSchema["properties"]?["seats"]
    #expect(seats?["oneOf"]?.array?.first == ["const": "inside", "title": "Inside"])
  }

  @Test("plans a stay in two rounds, and searches once", arguments: ways)
  func stay(_ way: Way, _ version: ProtocolVersion) async throws {
    let messages = Mutex<[String]>([])
    let handlers = ClientHandlers(form: { form in
      messages.withLock { $0.append(form.message) }
      switch form.message {
      case "Which hotel?":
        let hotels = form.requestedSchema["properties"]?["hotel"]?["oneOf"]?.array ?? []
        return form.accept(["hotel": hotels.last?["const"] ?? .null])
      case "What may a night cost?": return form.accept(["euros": 100])
      default: return form.accept(["from": "2027-01-02"])
      }
    })
    try await withClient(way, version, handlers) { client in
      let stay = try await client.callTool("plan_stay", ["city": "Ghent"], returning: JSONValue.self)
      #expect(stay["from"] == "2027-01-02")
      #expect(stay["nights"] == 3)
      // The first search of this server, and the last: the handler that ran again had its result.
      #expect(stay["hotel"] == ["id": "1-2", "name": "Old Mill Ghent", "euros": 95])
    }
    let asked = messages.withLock { $0 }
    #expect(Set(asked.prefix(2)) == ["When do you go to Ghent?", "What may a night cost?"])
    #expect(asked.last == "Which hotel?")
    #expect(asked.count == 3)
  }

  @Test("sends the user to a page of its own", arguments: ways)
  func page(_ way: Way, _ version: ProtocolVersion) async throws {
    let pages = Mutex<[URLElicitation]>([])
    let handlers = ClientHandlers(url: { page in
      pages.withLock { $0.append(page) }
      return .accept
    })
    try await withClient(way, version, handlers) { client in
      var events = client.events().makeAsyncIterator()
      #expect(try await client.callTool("connect_calendar").text == "The calendar is connected.")
      let page = try #require(pages.withLock { $0.first })
      #expect(page.url.hasPrefix("https://calendar.example.com/connect?visit="))
      guard version.era == .legacy else { return }
      guard case .elicitationCompleted(let id)? = await events.next() else {
        Issue.record("the server did not say that the page is done with")
        return
      }
      #expect(id == page.elicitationID)
    }
  }

  @Test(
    "cancels a booking only on a yes",
    arguments: [(ElicitationResult.accept(["sure": true]), "is cancelled"), (.accept(["sure": false]), "stays"), (.decline, "stays"), (.cancel, "stays")])
  func confirmation(_ answer: ElicitationResult, _ outcome: String) async throws {
    try await withClient(.stdio, .v2026_07_28, ClientHandlers(form: { _ in answer })) { client async throws in
      #expect(try await client.callTool("cancel_booking", ["id": "B-7"]).text == "B-7 \(outcome).")
    }
  }

  @Test("does nothing for a client that cannot ask its user")
  func noUser() async throws {
    try await withClient(.stdio, .v2026_07_28, ClientHandlers()) { client in
      let result = try await client.callTool("cancel_booking", ["id": "B-7"])
      #expect(result.isError)
      #expect(result.text.contains("nothing is cancelled"))
    }
  }
}
