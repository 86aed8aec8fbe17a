import JSON
import MCP
import MCPHTTP
import MCPToolMacros
import Testing

// snippet: one-handler
@ToolInput enum Colour: String { case black, green }

@ToolInput struct Finish {
  var colour: Colour = .black
  @Range(1...21) var gears: Int = 8
  var bell: Bool?
}

@Tools struct Orders {
  let shop: Shop

  /// Orders a bicycle.
  @Tool func order(model: String, call: ToolCall) async throws -> String {
    guard let finish = try await call.elicit("How shall your \(model) be?", as: Finish.self) else { return "Nothing was ordered." }
    return "Ordered: \(model), \(finish.colour.rawValue), \(finish.gears) gears."
  }
}
// snippet end

// snippet: form-by-hand
@Tools struct Fittings {
  /// Fits a saddle.
  @Tool("fit_saddle") func fitSaddle(call: ToolCall) async throws -> String {
    let form = ElicitationForm(
      .choice("shape", of: [.init("wide", title: "For upright riders"), .init("narrow", title: "For racers")], title: "Shape", default: "wide"),
      .integer("height", title: "Height in centimetres", in: 60...110, default: 90))
    let answer = try await call.elicit("Which saddle?", form)
    switch answer.action {
    case .accept: return "Fitted: \(answer["shape"]?.string ?? ""), \(answer["height"]?.int ?? 0) cm."
    case .decline: return "The old saddle stays."
    case .cancel: return "Ask me again when you know."
    }
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
      Fittings()
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
        #expect(try await client.callTool("fit_saddle").text == "Fitted: wide, 90 cm.")
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
