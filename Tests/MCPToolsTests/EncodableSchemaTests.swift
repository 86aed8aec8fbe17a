import Foundation
import JSON
import MCP
import MCPToolMacros
import MCPTools
import Testing

@Suite("Schemas of Codable results")
struct EncodableSchemaTests {
  struct Parcel: Codable, Equatable, Sendable {
    enum State: String, Codable, CaseIterable { case packed, sent }
    enum Size: Int, Codable, CaseIterable { case small = 1, large = 5 }
    struct Place: Codable, Equatable {
      var street: String
      var floor: Int?
    }
    var number: Int
    var weight: Double
    var isFragile = false
    var note: String?
    var state = State.packed
    var size: Size?
    var from: Place?
    var to: Place
    var stops: [Place] = []
    var labels: [String: String] = [:]

    static let schema: JSONValue = {
      let members: JSONValue = ["street": ["type": "string"], "floor": ["type": ["integer", "null"]]]
      let place: JSONValue = ["type": "object", "properties": members, "required": ["street"]]
      return [
        "type": "object",
        "properties": [
          "number": ["type": "integer"], "weight": ["type": "number"], "isFragile": ["type": "boolean"], "note": ["type": ["string", "null"]],
          "state": ["type": "string", "enum": ["packed", "sent"]], "size": ["type": ["integer", "null"], "enum": [1, 5, nil]],
          "from": ["type": ["object", "null"], "properties": members, "required": ["street"]], "to": place, "stops": ["type": "array", "items": place],
          "labels": ["type": "object", "additionalProperties": ["type": "string"]],
        ], "required": ["number", "weight", "isFragile", "state", "to", "stops", "labels"],
      ]
    }()
  }

  struct Query: ToolObject {
    var isFull: Bool
    init(json: RawJSON) throws(ValueError) { isFull = try ObjectReader(json).read("isFull") }
    static func schema(_ builder: inout SchemaBuilder) -> JSONValue { builder.object(Self.self) { $0.add("isFull", Bool.self) } }
    var jsonValue: JSONValue { ["isFull": .bool(isFull)] }
  }

  @Tools struct Post {
    @Tool func full(weight: Double = 1.5) -> Parcel {
      Parcel(
        number: 1, weight: weight, note: "n", state: .sent, size: .large, from: .init(street: "a", floor: 2), to: .init(street: "b"), stops: [.init(street: "c")],
        labels: ["x": "y"])
    }
    @Tool func bare() -> Parcel { Parcel(number: 0, weight: 0, to: .init(street: "")) }
    @Tool func list() -> [Parcel] { [bare(), full()] }
    @Tool func find() -> Parcel? { nil }
  }

  /// The schema of a tool that returns `type`.
  private func schema<Output: Codable & Sendable>(of type: Output.Type) async throws -> JSONValue? {
    let server = Server(name: "probe", version: "1") {
      Tool(name: "get", returns: type) { (_: ToolCall) -> Output in throw ToolError("There is none.") }
    }
    return try await server.definition("get")["outputSchema"]
  }

  @Test("are found from the members that the type reads, and what it writes fits them")
  func members() async throws {
    let server = Server(name: "post", version: "1", Post())
    server.add(
      Tool(name: "query", input: Query.self) { query, _ in
        query.isFull ? Post().full() : Post().bare()
      })
    #expect(try await server.definition("full")["outputSchema"] == Parcel.schema)
    #expect(try await server.definition("query")["outputSchema"] == Parcel.schema)
    #expect(try await server.definition("list")["outputSchema"] == ["type": "array", "items": Parcel.schema])
    #expect(try await server.definition("find")["outputSchema"]?["type"] == ["object", "null"])
    // A client that has seen the list holds results to it.
    let client = Client(.inProcess(server))
    #expect(try await client.listTools().count == 5)
    #expect(try await client.callTool("full", ["weight": 2], returning: Parcel.self) == Post().full(weight: 2))
    #expect(try await client.callTool("bare", returning: Parcel.self) == Post().bare())
    #expect(try await client.callTool("query", ["isFull": true], returning: Parcel.self) == Post().full())
    #expect(try await client.callTool("list", returning: [Parcel].self).count == 2)
    #expect(try await client.callTool("find").structured == .null)
    await client.close()
  }

  struct Branch: Codable, Sendable {
    var name: String
    var parts: [Branch] = []
    var nearest: [Branch]?
    var byName: [String: Branch] = [:]
  }

  final class Link: Codable, Sendable {
    let value: Int
    let next: Link?
    init(_ value: Int, _ next: Link? = nil) { (self.value, self.next) = (value, next) }
  }

  @Test("say nothing of a type within itself")
  func recursive() async throws {
    #expect(
      try await schema(of: Branch.self) == [
        "type": "object",
        "properties": ["name": ["type": "string"], "parts": ["type": "array"], "nearest": ["type": ["array", "null"]], "byName": ["type": "object"]],
        "required": ["name", "parts", "byName"],
      ])
    #expect(try await schema(of: Link.self) == ["type": "object", "properties": ["value": ["type": "integer"], "next": [:]], "required": ["value"]])
    let server = Server(name: "trees", version: "1") {
      Tool(name: "tree", returns: Branch.self) { _ in Branch(name: "a", parts: [Branch(name: "b")], byName: ["c": Branch(name: "c", nearest: [])]) }
      Tool(name: "chain", returns: Link.self) { _ in Link(1, Link(2)) }
    }
    let client = Client(.inProcess(server))
    #expect(try await client.listTools().count == 2)
    #expect(try await client.callTool("tree", returning: Branch.self).parts.first?.name == "b")
    #expect(try await client.callTool("chain", returning: Link.self).next?.value == 2)
    await client.close()
  }

  struct Visit: Codable, Equatable, Sendable {
    var id: UUID
    var when: Date
    var page: URL
    var body: Data
  }

  @Test("say of Foundation's types what they encode as")
  func foundation() async throws {
    let properties = try await schema(of: Visit.self)?["properties"]
    #expect(properties?["id"] == ["type": "string"])
    #expect(properties?["when"] == ["type": "number"])
    #expect(properties?["body"] == ["type": "array", "items": ["type": "integer"]])
    let visit = Visit(id: UUID(), when: Date(timeIntervalSinceReferenceDate: 12.5), page: try #require(URL(string: "https://example.com/a")), body: Data([1, 2]))
    let server = Server(name: "visits", version: "1") { Tool(name: "visit", returns: Visit.self) { _ in visit } }
    let client = Client(.inProcess(server))
    #expect(try await client.listTools().count == 1)
    #expect(try await client.callTool("visit", returning: Visit.self) == visit)
    await client.close()
  }

  /// Reads a name and writes a title.
  struct Liar: Codable, Sendable {
    var name = "x"
    enum CodingKeys: CodingKey { case name }
    enum Written: CodingKey { case title }
    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: Written.self)
      try container.encode(name, forKey: .title)
    }
  }

  /// A number or a text.
  enum Reference: Codable, Sendable {
    case number(Int), text(String)
    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let number = try? container.decode(Int.self) { self = .number(number) } else { self = .text(try container.decode(String.self)) }
    }
    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .number(let number): try container.encode(number)
      case .text(let text): try container.encode(text)
      }
    }
  }

  /// Has cases that it does not tell.
  enum Level: String, Codable { case low, high }
  enum Grade: Int, Codable { case good = 1, bad = 2 }

  struct Careful: Codable, Sendable {
    var reference: Reference
    var liar: Liar
    var level: Level?
    var grade: Grade
    var any: JSONValue
    var text: String

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      reference = try container.decode(Reference.self, forKey: .reference)
      liar = try container.decode(Liar.self, forKey: .liar)
      level = try container.decodeIfPresent(Level.self, forKey: .level)
      grade = try container.decode(Grade.self, forKey: .grade)
      any = try container.decode(JSONValue.self, forKey: .any)
      text = (try? container.decode(String.self, forKey: .text)) ?? "none"
    }
  }

  /// What it has depends on its kind.
  struct Event: Codable, Sendable {
    enum Kind: String, Codable, CaseIterable { case count, text }
    var kind: Kind
    var amount: Int?
    var text: String?

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      kind = try container.decode(Kind.self, forKey: .kind)
      switch kind {
      case .count: amount = try container.decode(Int.self, forKey: .amount)
      case .text: text = try container.decode(String.self, forKey: .text)
      }
    }
  }

  /// Always reads what it may not write.
  struct Loose: Codable, Sendable {
    var id: Int
    var name: String?
    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      id = try container.decode(Int.self, forKey: .id)
      name = try container.decode(String.self, forKey: .name)
    }
  }

  struct NeedsLevel: Codable, Sendable { var level: Level }
  enum Payload: Codable, Sendable { case one(Int), two(String) }

  @Test("are open where a type may write something else")
  func careful() async throws {
    #expect(
      try await schema(of: Careful.self) == [
        "type": "object",
        "properties": ["reference": [:], "liar": [:], "level": [:], "grade": ["type": "integer"], "any": [:], "text": [:]],
        "required": ["reference", "liar", "grade", "any"],
      ])
    let loose: JSONValue = ["id": ["type": ["integer", "null"]], "name": ["type": ["string", "null"]]]
    #expect(try await schema(of: Loose.self) == ["type": "object", "properties": loose])
    let event = try await schema(of: Event.self)
    #expect(event?["required"] == ["kind"])
    #expect(event?["properties"]?.object?.map(\.name) == ["kind", "amount", "text"])
  }

  @Test("are not there for types that read otherwise than they write, or cannot be read from anything")
  func none() async throws {
    #expect(try await schema(of: Liar.self) == nil)
    #expect(try await schema(of: Reference.self) == nil)
    #expect(try await schema(of: NeedsLevel.self) == nil)
    #expect(try await schema(of: Payload.self) == nil)
    let server = Server(name: "liars", version: "1") { Tool(name: "lie", returns: NeedsLevel.self) { _ in NeedsLevel(level: .high) } }
    let client = Client(.inProcess(server))
    #expect(try await client.callTool("lie").structured == ["level": "high"])
    await client.close()
  }

  /// Has members for as long as there are more.
  struct Numbered: Codable, Sendable {
    struct Key: CodingKey {
      var stringValue: String
      var intValue: Int? { nil }
      init(stringValue: String) { self.stringValue = stringValue }
      init?(intValue: Int) { nil }
    }
    var items: [Int] = []
    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: Key.self)
      while container.contains(Key(stringValue: "item\(items.count)")) { items.append(try container.decode(Int.self, forKey: Key(stringValue: "item\(items.count)"))) }
    }
    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: Key.self)
      for (index, item) in items.enumerated() { try container.encode(item, forKey: Key(stringValue: "item\(index)")) }
    }
  }
  struct Page: Codable, Sendable {
    var number: Int
    var numbered: Numbered
  }

  @Test("say nothing of a member that asks without end, and everything of those beside it", .timeLimit(.minutes(1)))
  func endless() async throws {
    #expect(
      try await schema(of: Page.self) == ["type": "object", "properties": ["number": ["type": "integer"], "numbered": [:]], "required": ["number", "numbered"]])
  }

  /// A case that it knows, or any other number.
  enum Shade: RawRepresentable, CaseIterable, Codable, Sendable {
    case black, other(UInt8)
    static let allCases: [Shade] = [.black]
    init(rawValue: UInt8) { self = rawValue == 0 ? .black : .other(rawValue) }
    var rawValue: UInt8 {
      switch self {
      case .black: 0
      case .other(let value): value
      }
    }
  }
  enum Full: UInt8, CaseIterable, Codable, Sendable { case none = 0, all = 255 }
  struct Paint: Codable, Sendable {
    var shade: Shade
    var full: Full
  }

  @Test("name the cases of an enum that has no others, of any kind of integer")
  func integers() async throws {
    #expect(
      try await schema(of: Paint.self)?["properties"] == ["shade": ["type": "integer"], "full": ["type": "integer", "enum": [0, 255]]])
  }

  class Named: Codable, @unchecked Sendable {
    var name: String?
    required init(from decoder: any Decoder) throws { name = try decoder.container(keyedBy: CodingKeys.self).decode(String.self, forKey: .name) }
  }
  final class Numbering: Named, @unchecked Sendable {
    enum Key: CodingKey { case id }
    var id: Int
    required init(from decoder: any Decoder) throws {
      id = try decoder.container(keyedBy: Key.self).decode(Int.self, forKey: .id)
      try super.init(from: decoder)
    }
    override func encode(to encoder: any Encoder) throws {
      try super.encode(to: encoder)
      var container = encoder.container(keyedBy: Key.self)
      try container.encode(id, forKey: .id)
    }
  }

  @Test("are open where a superclass may leave out what it reads")
  func inherited() async throws {
    let schema = try await schema(of: Numbering.self)
    #expect(schema?["required"] == nil && schema?["properties"]?.object?.count == 2, "\(schema?.text ?? "none")")
  }

  /// Holds a large type many times over.
  struct Wide<Part: Codable & Sendable>: Codable, Sendable { var a: Part, b: Part, c: Part, d: Part, e: Part, f: Part, g: Part, h: Part }

  @Test("stay small")
  func large() async throws {
    let schema = try await schema(of: Wide<Wide<Wide<Wide<Int>>>>.self)
    #expect((schema?.text.utf8.count ?? 0) < 100_000)
  }
}
