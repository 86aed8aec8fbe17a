import MCPToolMacros

/// A city that the service knows.
@ToolInput struct City {
  var name: String
  var country: String
  @Range(-90...90) var latitude: Double
  @Range(-180...180) var longitude: Double
}

@ToolInput enum TemperatureUnit: String {
  case celsius, fahrenheit
}

@ToolInput enum Sky: String {
  case clear, cloudy, rain, snow
}

/// The weather of a city on one day.
@ToolInput struct Conditions {
  var city: String
  /// 0 is today.
  var day: Int
  var sky: Sky
  var temperature: Double
  var unit: TemperatureUnit = .celsius
  /// In metres a second.
  var wind: Double
  /// In millimetres; left out when it stays dry.
  var rain: Double?

  func `in`(_ unit: TemperatureUnit) -> Conditions {
    guard unit != self.unit else { return self }
    var converted = self
    let degrees = unit == .fahrenheit ? temperature * 9 / 5 + 32 : (temperature - 32) * 5 / 9
    converted.temperature = (degrees * 10).rounded() / 10
    converted.unit = unit
    return converted
  }
}

/// Where the weather comes from: here from a formula, so that the example needs no network and its answers stay the same.
struct WeatherData: Sendable {
  let cities: [City]

  static let sample = WeatherData(cities: [
    City(name: "Berlin", country: "DE", latitude: 52.5, longitude: 13.4),
    City(name: "Nairobi", country: "KE", latitude: -1.3, longitude: 36.8),
    City(name: "Oslo", country: "NO", latitude: 59.9, longitude: 10.8),
    City(name: "Singapore", country: "SG", latitude: 1.4, longitude: 103.8),
  ])

  func city(named name: String) -> City? { cities.first { $0.name.lowercased() == name.lowercased() } }

  func conditions(in city: City, day: Int) -> Conditions {
    let change = Double((Int(abs(city.longitude) * 10) + day * 37) % 11) - 5
    let temperature = ((28 - abs(city.latitude) * 0.45 + change) * 10).rounded() / 10
    let isWet = change > 2
    let sky: Sky = isWet ? (temperature < 0 ? .snow : .rain) : change < -2 ? .clear : .cloudy
    return Conditions(city: city.name, day: day, sky: sky, temperature: temperature, wind: 2 + abs(change), rain: isWet ? change : nil)
  }
}
