internal import ConnectorKit
internal import JSON
internal import MCP
internal import MCPHTTP

/// Where a list goes on that tells so in the `Link` header (RFC 8288): a page that is short need not be the last.
enum NextPage {
  /// The arguments that the next call has in place of this one's; nil at the end, and where the API tells it in its body or not at all.
  ///
  /// Of the link only query parameters of the operation count: the path is the operation's, and whatever else the API puts into
  /// its links, such as a key, is none of the model's business.
  static func arguments(after response: VendorResponse, _ operation: Operation, _ arguments: RawJSON) -> JSONObject? {
    guard let link = link(response.headers), let mark = link.firstIndex(of: "?"),
      let query = FormText.decode(link[link.index(after: mark)...].prefix { $0 != "#" })
    else { return nil }
    var changed = JSONObject()
    for parameter in operation.parameters where parameter.location == .query {
      guard let text = query[parameter.name], let value = value(text, parameter.type) else { continue }
      if arguments[parameter.argument].map({ JSONValue($0) }) != value { changed[parameter.argument] = value }
    }
    return changed.isEmpty ? nil : changed
  }

  private static func value(_ text: String, _ type: String?) -> JSONValue? {
    switch type {
    case "array", "object": nil
    case "integer": Int(text).map { .int($0) }
    case "number": (try? JSONValue(parsing: text)).flatMap { $0.double == nil ? nil : $0 }
    case "boolean": ["true": .bool(true), "false": .bool(false)][text]
    default: .string(text)
    }
  }

  /// The target of the link whose relation is `next`.
  private static func link(_ headers: HTTPHeaders) -> Substring? {
    for (name, value) in headers.pairs where name.lowercased() == "link" {
      var rest = value[...]
      // Targets may hold commas, so links are told apart by their brackets.
      while let open = rest.firstIndex(of: "<"), let close = rest[open...].firstIndex(of: ">") {
        let target = rest[rest.index(after: open)..<close]
        rest = rest[rest.index(after: close)...]
        if isNext(rest.prefix { $0 != "<" }) { return target }
      }
    }
    return nil
  }

  private static func isNext(_ parameters: Substring) -> Bool {
    parameters.split(separator: ";").contains { parameter in
      let text = parameter.filter { !"\t\",".contains($0) }.drop { $0 == " " }
      guard text.lowercased().hasPrefix("rel=") else { return false }
      return text.dropFirst(4).split(separator: " ").contains { $0.lowercased() == "next" }
    }
  }
}
