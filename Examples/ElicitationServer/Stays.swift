import MCPToolMacros

/// A table at a restaurant.
@ToolInput struct TableBooking {
  var restaurant: String
  var guests: Int
  var seats: String
  var avoid: [String] = []
  var email: String?
  var birthday: Bool
}

/// A hotel and what it costs.
@ToolInput struct Offer: Codable {
  /// The number of the search, then that of the hotel.
  var id: String
  var name: String
  /// For a night.
  var euros: Int
}

/// A stay that is planned, not booked.
@ToolInput struct Stay {
  var city: String
  var from: String
  var nights: Int
  var hotel: Offer
}

/// Finds hotels: here made up, so that the example needs no network.
actor HotelSearch {
  private var searches = 0

  func search(_ city: String, upTo euros: Int) -> [Offer] {
    searches += 1
    let hotels = [("Harbour Inn", 65), ("Old Mill", 95), ("Grand Hotel", 240)]
    return hotels.enumerated().compactMap { index, hotel in
      hotel.1 <= euros ? Offer(id: "\(searches)-\(index + 1)", name: "\(hotel.0) \(city)", euros: hotel.1) : nil
    }
  }
}
