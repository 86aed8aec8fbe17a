import JSON
import MCP
import MCPHTTP
import MCPToolMacros
import Testing

// snippet: one-handler
@Tools struct Orders {
  let shop: Shop

  /// Orders a bicycle.
  @Tool func order(model: String, call: ToolCall) async throws -> String {
    let form = ElicitationForm(
      .choice("colour", of: ["black", "green"], default: "black"),
      .integer("gears", in: 1...21, default: 8),
      .boolean("bell", required: false, default: true))
    let answer = try await call.elicit("How shall your \(model) be?", form)
    guard answer.isAccepted else { return "Nothing was ordered." }
    return "Ordered: \(model), \(answer["colour"]?.string ?? ""), \(answer["gears"]?.int ?? 0) gears."
  }
}
// snippet end

actor Shop {
  private(set) var quotes = 0
  private(set) var bookings: [String: Int] = [:]

  func quote(_ model: String) -> Int {
    quotes += 1
    return 400 + quotes
  }

  func book(_ model: String, for price: Int, idempotencyKey: String) { bookings[idempotencyKey] = price }
}

// snippet: several-questions
@Tools struct Repairs {
  /// Books a repair.
  @Tool("book_repair") func book(call: ToolCall) async throws -> String {
    let (what, when) = try await call.ask(
      Elicitation("What is broken?", ElicitationForm(.string("part", length: 1...40)), key: "what"),
      Elicitation("When can you come?", ElicitationForm(.string("day", format: .date)), key: "when"))
    guard let part = what["part"]?.string, let day = when["day"]?.string else { return "Nothing was booked." }
    return "We repair your \(part) on \(day)."
  }
}
// snippet end

// snippet: once
@Tools struct Quotes {
  let shop: Shop

  /// Sells a bicycle at today's price.
  @Tool func buy(model: String, call: ToolCall) async throws -> String {
    // Asking for the price twice would give two prices.
    let price = try await call.once("price") { await shop.quote(model) }
    let answer = try await call.elicit("\(model) for \(price) euros?", ElicitationForm(.boolean("yes")))
    guard answer["yes"]?.bool == true else { return "Not bought." }
    await shop.book(model, for: price, idempotencyKey: call.idempotencyKey)
    return "Bought for \(price) euros."
  }
}
// snippet end

// snippet: url-mode
@Tools struct Payments {
  /// Pays an invoice.
  @Tool func pay(invoice: String, call: ToolCall) async throws -> String {
    let visit = call.idempotencyKey
    let consent = try await call.elicit("Pay \(invoice) on our page", url: "https://pay.example.com/visits/\(visit)", id: visit)
    guard consent.isAccepted else { return "Nothing was paid." }
    await call.elicitationCompleted(visit)
    return "Thank you."
  }
}
// snippet end

// snippet: can-ask
@Tools struct Deletions {
  /// Deletes a file.
  @Tool(.destructive) func delete(file: String, call: ToolCall) async throws -> String {
    let question = Elicitation("Delete \(file)?", ElicitationForm(.boolean("sure", default: false)))
    guard call.canAsk(question) else { throw ToolError("Deleting needs a client that can ask its user.") }
    return try await call.ask(question)["sure"]?.bool == true ? "Deleted." : "Kept."
  }
}
// snippet end

@Suite("The snippets on elicitation", .timeLimit(.minutes(2)))
struct ElicitationSnippets {
  /// What is not asked for does not reach the handler.
  static let answers = ClientHandlers(
    form: { $0.accept(["part": "brake", "day": "2027-01-04", "yes": true, "sure": true]) }, url: { _ in .accept })

  @Test("run in both eras", arguments: [ProtocolVersion.v2026_07_28, .v2025_11_25])
  func bothEras(_ version: ProtocolVersion) async throws {
    let shop = Shop()
    let server = Server(name: "bicycles") {
      Orders(shop: shop)
      Repairs()
      Quotes(shop: shop)
      Payments()
      Deletions()
    }
    let endpoint = HTTPEndpoint(server, port: 0)
    let port = try await endpoint.start()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await endpoint.run() }
      try await Client.with(.http("http://127.0.0.1:\(port)/mcp"), handlers: Self.answers, settings: .init(versions: [version])) { client async throws in
        #expect(try await client.callTool("order", ["model": "Roadster"]).text == "Ordered: Roadster, black, 8 gears.")
        #expect(try await client.callTool("book_repair").text == "We repair your brake on 2027-01-04.")
        #expect(try await client.callTool("buy", ["model": "Roadster"]).text == "Bought for 401 euros.")
        #expect(try await client.callTool("pay", ["invoice": "I-1"]).text == "Thank you.")
        #expect(try await client.callTool("delete", ["file": "a.txt"]).text == "Deleted.")
      }
      group.cancelAll()
    }
    #expect(await shop.quotes == 1)
    #expect(await shop.bookings.count == 1)
  }

  @Test("a user who declines")
  func declining() async throws {
    // snippet: answering
    let handlers = ClientHandlers(
      form: { form in
        print(form.message)
        // A host shows the fields of form.requestedSchema here. Without an answer, take the defaults or decline.
        return form.requestedSchema["properties"]?["yes"] == nil ? form.accept() : .decline
      },
      url: { page in
        // Show the whole address, and open it only with the user's consent.
        print("Open \(page.url)?")
        return .decline
      })
    // snippet end
    let client = Client(.inProcess(Server(name: "b", Quotes(shop: Shop()))), handlers: handlers)
    #expect(try await client.callTool("buy", ["model": "Roadster"]).text == "Not bought.")
  }
}
