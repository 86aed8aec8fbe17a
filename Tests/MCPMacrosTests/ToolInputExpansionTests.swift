import Testing

@Suite("What @ToolInput writes")
struct ToolInputExpansionTests {
  @Test("A struct reads and writes its stored properties")
  func structure() {
    expect(
      """
      /// Where to deliver.
      @ToolInput public struct Address {
        static let limit = 3
        /// Street and number.
        public var street: String
        @Pattern("^[0-9]{5}$") var zip: String
        var `in` = "DE", floor: Int?
        var line: String { street }
        var watched = 1 { didSet {} }
      }
      """,
      expandsTo: """
        /// Where to deliver.
        public struct Address {
          static let limit = 3
          /// Street and number.
          public var street: String
          var zip: String
          var `in` = "DE", floor: Int?
          var line: String { street }
          var watched = 1 { didSet {} }

          public static func schema(_ builder: inout MCPTools.SchemaBuilder) -> JSON.JSONValue {
            builder.object(Self.self, "Where to deliver.") { members in
              members.add("street", String.self, "Street and number.")
              members.add("zip", String.self, constraints: .pattern("^[0-9]{5}$"))
              members.add("in", String.self, default: "DE")
              members.add("floor", Int?.self)
              members.add("watched", Int.self, default: 1)
            }
          }
        }

        extension Address: MCPTools.ToolObject, MCPTools.ToolValue {
          public init(json: JSON.RawJSON) throws(MCPTools.ValueError) {
            let reader = try MCPTools.ObjectReader(json)
            self.street = try reader.read("street")
            self.zip = try reader.read("zip")
            self.`in` = try reader.read("in", default: "DE")
            self.floor = try reader.read("floor")
            self.watched = try reader.read("watched", default: 1)
          }
          public var jsonValue: JSON.JSONValue {
            var writer = MCPTools.ObjectWriter()
            writer.write("street", self.street)
            writer.write("zip", self.zip)
            writer.write("in", self.`in`)
            writer.write("floor", self.floor)
            writer.write("watched", self.watched)
            return writer.jsonValue
          }
        }
        """)
  }

  @Test("An empty struct is an empty object")
  func empty() {
    expect(
      "@ToolInput struct Nothing {}",
      expandsTo: """
        struct Nothing {

          static func schema(_ builder: inout MCPTools.SchemaBuilder) -> JSON.JSONValue {
            builder.object(Self.self) { _ in
            }
          }
        }

        extension Nothing: MCPTools.ToolObject, MCPTools.ToolValue {
          init(json: JSON.RawJSON) throws(MCPTools.ValueError) {
            _ = try MCPTools.ObjectReader(json)
          }
          var jsonValue: JSON.JSONValue {
            let writer = MCPTools.ObjectWriter()
            return writer.jsonValue
          }
        }
        """)
  }

  @Test("An enum with payload reads and writes one object a case")
  func choice() {
    expect(
      """
      @ToolInput(tag: "kind") enum Shape {
        /// Round.
        /// - Parameter radius: In metres.
        case circle(radius: Double)
        case named(String), nothing
      }
      """,
      expandsTo: """
        enum Shape {
          /// Round.
          /// - Parameter radius: In metres.
          case circle(radius: Double)
          case named(String), nothing

          static func schema(_ builder: inout MCPTools.SchemaBuilder) -> JSON.JSONValue {
            builder.choice(Self.self, tag: "kind") { cases in
              cases.add("circle", "Round.") { members in
                members.add("radius", Double.self, "In metres.")
              }
              cases.add("named") { members in
                members.add("value", String.self)
              }
              cases.add("nothing")
            }
          }

          init(json: JSON.RawJSON) throws(MCPTools.ValueError) {
            let reader = try MCPTools.ObjectReader(json)
            switch try reader.tag("kind", among: ["circle", "named", "nothing"]) {
            case "circle":
              self = .circle(radius: try reader.read("radius"))
            case "named":
              self = .named(try reader.read("value"))
            default:
              self = .nothing
            }
          }

          var jsonValue: JSON.JSONValue {
            switch self {
            case .circle(let radius):
              var writer = MCPTools.ObjectWriter(tag: "kind", "circle")
              writer.write("radius", radius)
              return writer.jsonValue
            case .named(let value):
              var writer = MCPTools.ObjectWriter(tag: "kind", "named")
              writer.write("value", value)
              return writer.jsonValue
            case .nothing:
              return MCPTools.ObjectWriter(tag: "kind", "nothing").jsonValue
            }
          }
        }

        extension Shape: MCPTools.ToolObject, MCPTools.ToolValue {
        }
        """)
  }

  @Test("An enum with raw values is those, and its cases are described")
  func raw() {
    expect(
      """
      /// How warm.
      @ToolInput enum Unit: String {
        /// Degrees C.
        case celsius
        case fahrenheit
      }
      """,
      expandsTo: """
        /// How warm.
        enum Unit: String {
          /// Degrees C.
          case celsius
          case fahrenheit

          static func schema(_ builder: inout MCPTools.SchemaBuilder) -> JSON.JSONValue {
            enumSchema(&builder, "How warm.\\n- celsius: Degrees C.")
          }
        }

        extension Unit: MCPTools.ToolValue, CaseIterable {
        }
        """)
  }
}
