public import JSON

/// A place that a client lets a server work in (`roots/list`; 2026-07-28, client/roots).
public struct Root: Sendable, Hashable {
  /// A `file://` URI.
  public var uri: String
  /// What the folder is called, for people.
  public var name: String?

  public init(uri: String, name: String? = nil) {
    self.uri = uri
    self.name = name
  }

  /// - Throws: ``RPCError`` `-32602` where `json` is no `Root`, or one with a ``problem``.
  public init(_ json: JSONValue) throws(RPCError) {
    guard let uri = json["uri"]?.string else { throw RPCError(.invalidParams, "A root has \"uri\", a string") }
    self.init(uri: uri, name: json["name"]?.string)
    if let problem { throw RPCError(.invalidParams, "The root \(uri.prefix(128)) \(problem)") }
  }

  /// Why ``uri`` is no root; nil where it names one place of a file system, by an absolute path that climbs nowhere (client/roots, "Root"
  /// and "Security Considerations").
  public var problem: String? {
    guard uri.utf8.count <= 4096 else { return "is longer than 4096 bytes" }
    guard uri.prefix(7).lowercased() == "file://" else { return "is no file:// URI" }
    guard uri.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else { return "has spaces or control characters, which are written as %20 and the like" }
    let rest = uri.dropFirst(7)
    guard let slash = rest.firstIndex(of: "/") else { return "has no absolute path" }
    guard !rest.contains(where: { $0 == "?" || $0 == "#" }) else { return "has a query or a fragment, which paths have not" }
    for segment in rest[slash...].split(separator: "/") {
      guard let decoded = Self.percentDecoded(segment) else { return "has a \"%\" that is followed by no two hexadecimal digits" }
      if decoded == Array("..".utf8) || decoded == Array(".".utf8) { return "has the segment \".\" or \"..\": resolve it first" }
      if decoded.contains(UInt8(ascii: "/")) || decoded.contains(0) { return "hides a slash or a zero byte in a segment" }
    }
    return nil
  }

  private static func percentDecoded(_ segment: Substring) -> [UInt8]? {
    var bytes: [UInt8] = []
    var rest = Array(segment.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      let digits = String(decoding: rest.prefix(2), as: UTF8.self)
      guard digits.utf8.count == 2, !digits.hasPrefix("+"), let value = UInt8(digits, radix: 16) else { return nil }
      bytes.append(value)
      rest = rest.dropFirst(2)
    }
    return bytes
  }

  /// The JSON of it, as it goes on the wire.
  public var json: JSONValue {
    var json: JSONValue = ["uri": .string(uri)]
    if let name { json["name"] = .string(name) }
    return json
  }

  /// Reads a `ListRootsResult`.
  ///
  /// - Throws: ``RPCError`` `-32602` where `result` is none.
  public static func list(_ result: JSONValue) throws(RPCError) -> [Root] {
    guard let roots = result["roots"]?.array else { throw RPCError(.invalidParams, "An answer to roots/list has \"roots\", an array") }
    var read: [Root] = []
    for root in roots { read.append(try Root(root)) }
    return read
  }

  /// The `ListRootsResult`.
  public static func result(_ roots: [Root]) -> JSONValue { ["roots": .array(roots.map(\.json))] }
}
