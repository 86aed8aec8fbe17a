import JSON
import MCP
import MCPToolMacros
import MCPTools
import Synchronization
import Testing

@Suite("Questions whose answers have Swift types", .timeLimit(.minutes(1)))
struct TypedElicitationTests {
  @ToolInput enum Seat: String { case inside, terrace }
  @ToolInput enum Level: Int { case low = 1, high = 2 }

  @ToolInput struct Party: Equatable {
    /// Who comes.
    @Length(1...40) var name: String
    @Format(.email) var email: String?
    @Range(1..<13) var guests: Int = 2
    @Range(0...1) var tip: Double = 0.1
    var seat: Seat = .inside
    var birthday: Bool
    @Length(...2) var seats: Set<Seat> = []
  }

  @Test("The members of a type are the fields of a form")
  func form() throws {
    let form: JSONValue = [
      "type": "object",
      "properties": [
        "name": ["type": "string", "description": "Who comes.", "minLength": 1, "maxLength": 40], "email": ["type": "string", "format": "email"],
        "guests": ["type": "integer", "minimum": 1, "maximum": 12, "default": 2], "tip": ["type": "number", "minimum": 0, "maximum": 1, "default": 0.1],
        "seat": ["type": "string", "enum": ["inside", "terrace"], "default": "inside"], "birthday": ["type": "boolean"],
        "seats": ["type": "array", "items": ["type": "string", "enum": ["inside", "terrace"]], "maxItems": 2, "default": []],
      ], "required": ["name", "birthday"],
    ]
    #expect(try ElicitationForm(of: Party.self).schema == form)
  }

  @ToolInput struct Nested { var party: Party }
  @ToolInput struct Patterned { @Pattern("^a") var text: String }
  @ToolInput struct Timed { @Format(.time) var at: String }
  @ToolInput struct Listed { var names: [String] }
  @ToolInput struct Levelled { var level: Level }
  @ToolInput struct Bounded { @Range(0..<1) var part: Double }
  @ToolInput struct Anything { var json: JSONValue }

  static let unfit: [(any ToolObject.Type, String)] = [
    (Nested.self, "\"party\" of Nested is none of"), (Patterned.self, "\"text\" of Patterned has \"pattern\""), (Timed.self, "the format \"time\""),
    (Listed.self, "\"names\" of Listed is an array"), (Levelled.self, "\"level\" of Levelled has \"enum\""),
    (Bounded.self, "\"part\" of Bounded has \"exclusiveMaximum\""), (Anything.self, "\"json\" of Anything is none of"), (Shape.self, "Shape is no struct"),
  ]

  @Test("A type that makes no form is refused with the member that does not fit, and nobody is asked", arguments: unfit)
  func refused(_ type: any ToolObject.Type, _ says: String) async throws {
    func refuse<Form: ToolObject>(_ type: Form.Type) async throws {
      let error = #expect(throws: UnfitForm.self) { try ElicitationForm(of: type) }
      #expect(error?.description.contains(says) == true, "\(error as Any)")
      let server = Server(name: "asks", version: "1")
      server.add(
        Tool(name: "ask") { call in
          _ = try await call.elicit("?", as: type)
          return ToolResult(text: "asked")
        })
      let asked = Mutex(0)
      let handlers = ClientHandlers(form: { form in
        asked.withLock { $0 += 1 }
        return form.accept()
      })
      let client = Client(.inProcess(server), handlers: handlers)
      let said: String
      do {
        let result = try await client.callTool("ask")
        #expect(result.isError)
        said = result.text
      } catch { said = "\(error)" }
      #expect(said.contains(says), "\(said)")
      #expect(asked.withLock { $0 } == 0)
      await client.close()
    }
    try await refuse(type)
  }

  private func client(_ answer: @escaping @Sendable (FormElicitation) -> ElicitationResult) -> Client {
    let server = Server(name: "tables", version: "1")
    server.add(
      Tool(name: "book") { call in
        guard let party = try await call.elicit("Who comes?", as: Party.self) else { return ToolResult(text: "nobody") }
        return ToolResult(structured: party.jsonValue)
      })
    server.add(
      Tool(name: "both") { call in
        let (party, day) = try await call.ask(TypedElicitation("Who comes?", as: Party.self), Elicitation("When?", ElicitationForm(.string("day")), key: "day"))
        return ToolResult(text: "\(party?.name ?? "-") \(day["day"]?.string ?? "-")")
      })
    return Client(.inProcess(server), handlers: ClientHandlers(form: { answer($0) }))
  }

  @Test("An answer is a value of the type, its defaults filled in; a user who says no gives none")
  func answers() async throws {
    let given = client { _ in .accept(["name": "Ada", "birthday": true, "seats": ["terrace"]]) }
    let party: JSONValue = ["name": "Ada", "guests": 2, "tip": 0.1, "seat": "inside", "birthday": true, "seats": ["terrace"]]
    #expect(try await given.callTool("book").structured == party)
    #expect(try await client { _ in .decline }.callTool("book").text == "nobody")
    #expect(try await client { _ in .cancel }.callTool("book").text == "nobody")
  }

  @Test("A question with a type goes out in one round with others")
  func together() async throws {
    let client = client { form in
      form.message == "When?" ? .accept(["day": "Monday"]) : .accept(["name": "Ada", "birthday": false])
    }
    #expect(try await client.callTool("both").text == "Ada Monday")
  }
}
