import Testing

@Suite("What @Tools writes")
struct ToolsExpansionTests {
  @Test("Tools, prompts and resources become lists of features that call their functions")
  func features() {
    expect(
      """
      @Tools public struct Shop {
        /// Adds.
        /// - Parameter b: The "second".
        @Tool(.readOnly, .title("Add")) public func add(a: Int, @Range(1...10) b: Int = 1) throws -> Int { a + b }
        @Tool("no.arguments") static func none() {}
        @Tool func wait(_ time: Double, until `default`: String?, call request: ToolCall) async {}
        @Prompt("ask", title: "Ask") func question(about: String) -> String { about }
        @Resource("shop://about", mimeType: "text/plain") func about() -> String { "" }
        @Resource("shop://{id}{?depth}") func item(id: String, depth: Int = 1, read: ResourceRead) async -> String { id }
        func other() {}
      }
      """,
      expandsTo: """
        public struct Shop {
          /// Adds.
          /// - Parameter b: The "second".
          public func add(a: Int, @Range(1...10) b: Int = 1) throws -> Int { a + b }
          static func none() {}
          func wait(_ time: Double, until `default`: String?, call request: ToolCall) async {}
          func question(about: String) -> String { about }
          func about() -> String { "" }
          func item(id: String, depth: Int = 1, read: ResourceRead) async -> String { id }
          func other() {}

          public typealias Range = MCPToolMacros.Constrained.Range

          public var tools: [MCP.Tool] {
            [
              MCP.Tool(
                name: "add", description: "Adds.", traits: [.readOnly, .title("Add")], returns: Int.self,
                parameters: MCPTools.Parameter("a", Int.self),
                MCPTools.Parameter("b", Int.self, description: "The \\"second\\".", default: 1, constraints: .range(1 ... 10))
              ) { _, a, b in
                try self.add(a: a, b: b)
              },
              MCP.Tool(
                name: "no.arguments"
              ) { _ in
                Self.none()
              },
              MCP.Tool(
                name: "wait",
                parameters: MCPTools.Parameter("time", Double.self),
                MCPTools.Parameter("default", String?.self)
              ) { request, time, `default` in
                await self.wait(time, until: `default`, call: request)
              },
            ]
          }

          public var prompts: [MCP.Prompt] {
            [
              MCP.Prompt(
                name: "ask", title: "Ask",
                parameters: MCPTools.Parameter("about", String.self)
              ) { _, about in
                self.question(about: about)
              },
            ]
          }

          public var resources: [MCP.Resource] {
            [
              MCP.Resource(
                uri: "shop://about", name: "about", mimeType: "text/plain"
              ) { _ in
                MCP.ReadResult(self.about())
              },
            ]
          }

          public var resourceTemplates: [MCP.ResourceTemplate] {
            [
              MCP.ResourceTemplate(
                checked: "shop://{id}{?depth}", name: "item"
              ) { request in
                try await MCP.ReadResult(self.item(id: request.value("id", String.self), depth: request.value("depth", Int.self, default: 1), read: request))
              },
            ]
          }
        }

        extension Shop: MCPTools.Toolset {
        }
        """)
  }

  @Test("The functions of an actor are awaited, but for those that it does not isolate")
  func actor() {
    expect(
      """
      @Tools actor Counter {
        @Tool func next() -> Int { 1 }
        @Tool nonisolated func name() -> String { "" }
      }
      """,
      expandsTo: """
        actor Counter {
          func next() -> Int { 1 }
          nonisolated func name() -> String { "" }

          nonisolated var tools: [MCP.Tool] {
            [
              MCP.Tool(
                name: "next", returns: Int.self
              ) { _ in
                await self.next()
              },
              MCP.Tool(
                name: "name", returns: String.self
              ) { _ in
                self.name()
              },
            ]
          }
        }

        extension Counter: MCPTools.Toolset {
        }
        """)
  }
}
