import JSON
import MCP

/// The data that the fixtures answer with.
enum Samples {
  /// A PNG of one red pixel.
  static let png: [UInt8] =
    Base64.decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==") ?? []
  /// A WAV of no samples: the header alone.
  static let wav: [UInt8] = Base64.decode("UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA=") ?? []

  static let name = ElicitationForm(.string("name"))
}
