import MCPToolMacros

/// What the server offers.
@Tools struct Weather {
  let data: WeatherData

  /// Lists the cities whose weather is known.
  @Tool("list_cities", .readOnly, .closedWorld)
  func cities() -> [City] { data.cities }

  /// Tells the weather in a city at the moment.
  /// - Parameters:
  ///   - city: A name that list_cities gives.
  ///   - unit: In which unit to give temperatures.
  @Tool("get_current", .readOnly, .closedWorld)
  func current(city: String, unit: TemperatureUnit = .celsius) throws -> Conditions {
    try data.conditions(in: known(city), day: 0).in(unit)
  }

  /// Forecasts the weather in a city, one entry a day, today first.
  /// - Parameters:
  ///   - city: A name that list_cities gives.
  ///   - days: For how many days.
  ///   - unit: In which unit to give temperatures.
  @Tool("get_forecast", .readOnly, .closedWorld)
  func forecast(
    city: String, @Range(1...7) days: Int = 3, unit: TemperatureUnit = .celsius, call: ToolCall
  ) async throws -> [Conditions] {
    let city = try known(city)
    var forecast: [Conditions] = []
    for day in 0..<days {
      forecast.append(data.conditions(in: city, day: day).in(unit))
      await call.progress(Double(day + 1), total: Double(days), message: "day \(day + 1)")
    }
    return forecast
  }

  /// Finds the warmest of several cities.
  /// - Parameter cities: Names that list_cities gives.
  @Tool("find_warmest", .readOnly, .closedWorld)
  func warmest(@Length(1...10) of cities: [String]) throws -> City {
    let temperatures = try cities.map { name in
      let city = try known(name)
      return (city, data.conditions(in: city, day: 0).temperature)
    }
    guard let (warmest, _) = temperatures.max(by: { $0.1 < $1.1 }) else { throw ToolError("Name at least one city.") }
    return warmest
  }

  /// What the numbers of this server mean.
  @Resource("weather://units", mimeType: "text/plain")
  func units() -> String { "Temperatures in degrees, wind in metres a second, rain in millimetres a day." }

  /// The weather in a city at the moment, as JSON.
  @Resource("weather://{city}/current", mimeType: "application/json")
  func now(city: String, read: ResourceRead) throws -> Conditions {
    guard let city = data.city(named: city) else { throw read.notFound }
    return data.conditions(in: city, day: 0)
  }

  /// Asks what to pack for a journey.
  /// - Parameters:
  ///   - city: Where to.
  ///   - days: For how long.
  @Prompt(title: "Pack for a journey")
  func pack(city: String, days: Int = 3) -> String {
    "I travel to \(city) for \(days) days. Look the forecast up and tell me what to pack."
  }

  private func known(_ name: String) throws -> City {
    if let city = data.city(named: name) { return city }
    throw ToolError("No city is called \"\(name)\". Known are \(data.cities.map(\.name).joined(separator: ", ")).")
  }
}
