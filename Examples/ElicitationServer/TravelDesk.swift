import MCPToolMacros

/// Tools that ask their user. Each is written once, and runs with clients of both eras: where a question goes out while the handler waits,
/// and where the handler is left and runs again with the answer.
@Tools struct TravelDesk {
  let hotels: HotelSearch

  /// Books a table at a restaurant. Asks for the party, the seats and what nobody may be served.
  /// - Parameter restaurant: Its name.
  @Tool("book_table", .additive, .closedWorld)
  func bookTable(restaurant: String, call: ToolCall) async throws -> TableBooking {
    let form = ElicitationForm(
      .integer("guests", title: "Guests", in: 1...12, default: 2),
      .choice(
        "seats", of: [.init("inside", title: "Inside"), .init("terrace", title: "On the terrace"), .init("bar", title: "At the bar")],
        title: "Seats", default: "inside"),
      .choices("avoid", of: ["gluten", "milk", "nuts"], title: "Nobody may be served", required: false, default: []),
      .string("email", title: "Confirmation goes to", required: false, format: .email),
      .boolean("birthday", title: "Somebody has a birthday", required: false, default: false))
    let answer = try await call.elicit("A table at \(restaurant)", form)
    guard answer.isAccepted else { throw ToolError("The user did not want a table after all.") }
    return TableBooking(
      restaurant: restaurant, guests: answer["guests"]?.int ?? 2, seats: answer["seats"]?.string ?? "inside",
      avoid: answer["avoid"]?.array?.compactMap(\.string) ?? [], email: answer["email"]?.string, birthday: answer["birthday"]?.bool ?? false)
  }

  /// Plans a stay in a city. Asks when and for how much, then which of the hotels that fit.
  /// - Parameter city: Where to.
  @Tool("plan_stay", .readOnly)
  func planStay(in city: String, call: ToolCall) async throws -> Stay {
    // Neither question depends on the other, so both go out in one round.
    let (time, money) = try await call.ask(
      Elicitation("When do you go to \(city)?", ElicitationForm(.string("from", format: .date), .integer("nights", in: 1...30, default: 3)), key: "time"),
      Elicitation("What may a night cost?", ElicitationForm(.integer("euros", in: 20...1000, default: 120)), key: "money"))
    guard time.isAccepted, money.isAccepted, let from = time["from"]?.string else { throw ToolError("The user did not say when, or for how much.") }
    // The handler runs again when the next answer comes; the search does not.
    let offers = try await call.once("offers") { await hotels.search(city, upTo: money["euros"]?.int ?? 120) }
    guard !offers.isEmpty else { throw ToolError("No hotel in \(city) is that cheap. Ask for more money a night.") }
    let hotel = try await call.elicit(
      "Which hotel?", ElicitationForm(.choice("hotel", of: offers.map { .init($0.id, title: "\($0.name), \($0.euros) euros") })), key: "hotel")
    guard let offer = offers.first(where: { $0.id == hotel["hotel"]?.string }) else { throw ToolError("The user chose no hotel.") }
    return Stay(city: city, from: from, nights: time["nights"]?.int ?? 3, hotel: offer)
  }

  /// Connects the user's calendar, by a page on which they sign in.
  @Tool("connect_calendar", .additive)
  func connectCalendar(call: ToolCall) async throws -> String {
    // The same in all rounds of this call: so is the page. What is typed there never passes through the client or its model.
    let visit = call.idempotencyKey
    let consent = try await call.elicit("Sign in to connect your calendar", url: "https://calendar.example.com/connect?visit=\(visit)", id: visit)
    guard consent.isAccepted else { throw ToolError("The user did not want to connect a calendar.") }
    // A real server hears from its page that the user is done, and only then says so.
    await call.elicitationCompleted(visit)
    return "The calendar is connected."
  }

  /// Cancels a booking, once the user has confirmed it.
  /// - Parameter id: What the booking is called.
  @Tool("cancel_booking", .destructive, .idempotent)
  func cancelBooking(id: String, call: ToolCall) async throws -> String {
    let question = Elicitation("Cancel \(id)? This cannot be taken back.", ElicitationForm(.boolean("sure", title: "Cancel it", default: false)))
    guard call.canAsk(question) else { throw ToolError("This client cannot ask its user, so nothing is cancelled.") }
    let answer = try await call.ask(question)
    return answer["sure"]?.bool == true ? "\(id) is cancelled." : "\(id) stays."
  }
}
