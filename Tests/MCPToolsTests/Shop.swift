import JSON
import MCP
import MCPToolMacros
import MCPTools

/// How warm it is said to be.
@ToolInput enum Unit: String {
  case celsius
  /// What the United States use.
  case fahrenheit
}

enum Priority: Int, CaseIterable, ToolValue { case low = 1, high = 5 }

/// Where to deliver.
@ToolInput struct Address: Equatable {
  /// Street and number.
  var street: String
  @Pattern("^[0-9]{5}$") let zip: String
  var country = "DE"
  var note: String?
}

/// What is ordered.
@ToolInput struct Item: Equatable {
  var sku: String
  @Range(1...100) var count: Int = 1
  @Length(...3) var tags: [String] = []
}

@ToolInput struct Order: Equatable {
  /// What is ordered, in this order.
  @Length(1...10) var items: [Item]
  var deliverTo: Address
  /// In place of `deliverTo`.
  var billTo: Address?
}

/// A part of a company.
@ToolInput struct Department: Equatable {
  var name: String
  var parts: [Department] = []
}

/// A thing to draw.
@ToolInput enum Shape: Equatable {
  /// Round.
  /// - Parameter radius: In metres.
  case circle(radius: Double)
  case rectangle(width: Double, height: Double = 1)
  case named(String)
  case nothing
}

struct Measurement: Encodable, Sendable {
  var value: Double
  var unit: String
}

@Tools struct Shop {
  let currency = "EUR"

  /// Adds.
  ///
  /// Overflow is an error.
  /// - Parameter a: The first.
  /// - Parameters:
  ///   - b: The second.
  /// - Returns: The sum.
  @Tool(.readOnly, .closedWorld) func add(a: Int, b: Int = 1) throws -> Int {
    let (sum, overflow) = a.addingReportingOverflow(b)
    if overflow { throw ToolError("The sum does not fit. Use smaller numbers.") }
    return sum
  }

  @Tool("shop.order", .title("Order"), .idempotent, .additive) func order(_ order: Order, for customer: String, call: ToolCall) async -> Address {
    await call.progress(1, total: 1)
    return order.billTo ?? order.deliverTo
  }

  @Tool func convert(
    @Range((-273.15)...) temperature: Double, to unit: Unit = .fahrenheit, @Header("Region") @Length(2...2) region: String?,
    @Format(.date) on day: String? = nil, priority: Priority = .low
  ) -> String {
    "\(unit == .fahrenheit ? temperature * 1.8 + 32 : temperature) \(region ?? "-") \(day ?? "-") \(priority.rawValue)"
  }

  @Tool func draw(shape: Shape) -> Shape { shape }
  @Tool func count(of department: Department) -> Int { department.parts.reduce(1) { $0 + count(of: $1) } }
  @Tool func staff() -> [Department] { [Department(name: "a"), Department(name: "b", parts: [Department(name: "c")])] }
  @Tool func find(name: String) -> Department? { name == "a" ? Department(name: "a") : nil }
  @Tool func picture() -> [Content] { [.text("a dot"), .image([1, 2], mimeType: "image/png")] }
  @Tool func link() -> ResourceLink { ResourceLink(uri: "shop://x", name: "x") }
  @Tool func whole() -> ToolResult { ToolResult(structured: ["a": 1], text: "one") }
  @Tool func forget() {}
  @Tool func any(json: JSONValue) -> JSONValue { json }
  @Tool func measure() -> Measurement { Measurement(value: 1.5, unit: "m") }
  @Tool static func sum(of numbers: [String: Double], `in`: Set<Int>? = nil) -> Double { numbers.values.reduce(0, +) }
  @Tool func explode() throws { throw Failure() }
  struct Failure: Error {}

  func helper(closure: () -> Void) { closure() }

  /// Asks for a review.
  /// - Parameter code: What to review.
  @Prompt func review(code: String, times: Int = 2, unit: Unit?) -> String { "\(code) \(times) \(unit?.rawValue ?? "-")" }
  @Prompt("chat", title: "Chat") func talk(get: PromptGet) -> [PromptResult.Message] { [.user(get.name), .assistant("Yes?")] }

  /// Everything about the shop.
  @Resource("shop://about", mimeType: "text/plain") func about() -> String { "A shop in \(currency)." }
  @Resource("shop://logo") func logo() -> [UInt8] { [1, 2, 3] }
  @Resource("shop://items/{sku}/{count}{?unit}", name: "item", title: "Item") func item(sku: String, count: Int, unit: Unit = .celsius, read: ResourceRead) throws -> Item
  {
    guard sku != "none" else { throw read.notFound }
    return Item(sku: sku, count: count, tags: [unit.rawValue])
  }
}

@Tools struct Reports {
  @Tool(.task(.required)) func build(year: Int) -> String { "The report of \(year)." }
  @Tool(.readOnly, .showing(uri: "ui://reports/chart")) func show() -> String { "12 reports" }
  @Tool(.showing(uri: "ui://reports/chart", visibility: [.app])) func redraw() {}
}

@Tools actor Counter {
  private var count = 0
  @Tool func increment(by step: Int = 1) -> Int {
    count += step
    return count
  }
  @Tool nonisolated func name() -> String { "counter" }
}
