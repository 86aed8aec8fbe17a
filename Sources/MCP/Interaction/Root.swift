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

  /// - Throws: ``RPCError`` `-32602` where `json` is no `Root`.
  public init(_ json: JSONValue) throws(RPCError) {
    guard let uri = json["uri"]?.string else { throw RPCError(.invalidParams, "A root has \"uri\", a string") }
    self.init(uri: uri, name: json["name"]?.string)
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
