public import JSON

/// A picture of a server, a client or of something that is offered, for people to see (`Icon`).
///
/// Whoever shows one that came from elsewhere must not trust it: neither its address nor what is found there.
public struct Icon: Sendable, Hashable {
  /// A size at which a picture can be shown.
  public enum Size: Sendable, Hashable {
    /// So wide and so high.
    case pixels(width: Int, height: Int)
    /// Every size, as SVG has it.
    case any

    /// As wide as it is high, in pixels.
    public static func square(_ side: Int) -> Size { .pixels(width: side, height: side) }
  }

  /// The background that a picture is made for.
  public enum Theme: String, Sendable { case light, dark }

  /// An `https` or `http` URL, or a `data:` URI in Base64.
  public var source: String
  /// The media type, where the source tells none or a general one.
  public var mimeType: String?
  /// The sizes at which it can be shown; empty for every size.
  public var sizes: [Size]
  /// Nil for every background.
  public var theme: Theme?

  /// - Parameter source: an `https` or `http` URL, or a `data:` URI in Base64.
  public init(_ source: String, mimeType: String? = nil, sizes: [Size] = [], theme: Theme? = nil) {
    self.source = source
    self.mimeType = mimeType
    self.sizes = sizes
    self.theme = theme
  }

  /// A picture in the definition itself, as a `data:` URI.
  public init(bytes: [UInt8], mimeType: String, sizes: [Size] = [], theme: Theme? = nil) {
    self.init("data:\(mimeType);base64,\(Base64.encode(bytes))", mimeType: mimeType, sizes: sizes, theme: theme)
  }

  /// Reads an `Icon`: nil where it has no `src`; what else is of the wrong type counts as absent.
  public init?(_ json: JSONValue) {
    guard let source = json["src"]?.string else { return nil }
    self.init(
      source, mimeType: json["mimeType"]?.string, sizes: json["sizes"]?.array?.compactMap { $0.string.flatMap { Size($0) } } ?? [],
      theme: json["theme"]?.string.flatMap { Theme(rawValue: $0) })
  }

  /// The object as it goes over the wire.
  public var json: JSONValue {
    var object: JSONObject = ["src": .string(source)]
    if let mimeType { object["mimeType"] = .string(mimeType) }
    if !sizes.isEmpty { object["sizes"] = .array(sizes.map { .string($0.text) }) }
    if let theme { object["theme"] = .string(theme.rawValue) }
    return .object(object)
  }

  /// What of `icons` can be read.
  static func list(_ json: JSONValue?) -> [Icon] { json?.array?.compactMap { Icon($0) } ?? [] }
}

extension Icon.Size {
  /// Reads a size such as `48x48`, or `any`.
  init?(_ text: String) {
    if text == "any" {
      self = .any
      return
    }
    let sides = text.split(separator: "x", omittingEmptySubsequences: false).compactMap { Int($0) }
    guard sides.count == 2, text == "\(sides[0])x\(sides[1])", sides.allSatisfy({ $0 > 0 }) else { return nil }
    self = .pixels(width: sides[0], height: sides[1])
  }

  var text: String {
    switch self {
    case .pixels(let width, let height): "\(width)x\(height)"
    case .any: "any"
    }
  }
}
