internal import JSON
internal import MCP
internal import NIOCore

/// One prompt of one upstream.
final class PromptEntry: Sendable {
  let name: String
  let upstreamName: String
  let upstream: Upstream
  private let definition: RawJSON

  init?(_ definition: RawJSON, of upstream: Upstream) {
    guard let upstreamName = definition["name"]?.string, ToolEntry.isName(upstreamName) else { return nil }
    self.definition = definition
    self.upstreamName = upstreamName
    self.upstream = upstream
    name = upstream.name + ToolEntry.separator + upstreamName
  }

  func write(to buffer: inout ByteBuffer) {
    buffer.writeStaticString("{\"name\":")
    buffer.write(JSONValue.string(name))
    for (member, value) in definition.members where !member.equals("name") {
      buffer.writeStaticString(",")
      buffer.write(member)
      buffer.writeStaticString(":")
      buffer.write(value)
    }
    buffer.writeStaticString("}")
  }
}

/// One resource, or one template of resources, of one upstream. URIs stay as they are, except those of views (``ViewURI``); of two upstreams
/// with the same one, the first configured has it.
final class ResourceEntry: Sendable {
  let uri: String
  /// ``uri`` as the upstream knows it.
  let upstreamURI: String
  let upstream: Upstream
  let isTemplate: Bool
  private let definition: RawJSON
  private let template: URITemplatePattern?

  init?(_ definition: RawJSON, of upstream: Upstream, isTemplate: Bool) {
    guard let uri = definition[isTemplate ? "uriTemplate" : "uri"]?.string, !uri.isEmpty, uri.utf8.count <= 2048 else { return nil }
    self.definition = definition
    self.uri = ViewURI.published(uri, of: upstream.name)
    upstreamURI = uri
    self.upstream = upstream
    self.isTemplate = isTemplate
    template = isTemplate ? URITemplatePattern(self.uri) : nil
  }

  /// Whether clients know it by another URI than the upstream.
  var isRenamed: Bool { uri != upstreamURI }

  func matches(_ uri: String) -> Bool { template?.matches(uri) ?? (self.uri == uri) }

  func write(to buffer: inout ByteBuffer) {
    guard isRenamed else { return buffer.write(definition) }
    var renamed = JSONValue(definition)
    renamed[isTemplate ? "uriTemplate" : "uri"] = .string(uri)
    buffer.write(renamed)
  }
}

/// Whether a URI can come from a template (RFC 6570): used for routing only; the upstream reads the variables.
struct URITemplatePattern: Sendable {
  private enum Part: Sendable {
    case literal([UInt8])
    /// Any run of bytes; without `/` unless the expression is of a reserved kind.
    case variable(allowsSlash: Bool)
  }
  private let parts: [Part]

  init(_ template: String) {
    var parts: [Part] = []
    var literal: [UInt8] = []
    var expression: [UInt8]?
    for byte in template.utf8 {
      if byte == UInt8(ascii: "{"), expression == nil {
        expression = []
      } else if byte == UInt8(ascii: "}"), let text = expression {
        if !literal.isEmpty { parts.append(.literal(literal)) }
        literal = []
        let reserved: [UInt8] = Array("+#/?&".utf8)
        parts.append(.variable(allowsSlash: text.first.map(reserved.contains) ?? false))
        expression = nil
      } else if expression != nil {
        expression?.append(byte)
      } else {
        literal.append(byte)
      }
    }
    if !literal.isEmpty { parts.append(.literal(literal)) }
    self.parts = parts
  }

  func matches(_ uri: String) -> Bool {
    // Greedy matching with one point of return per variable would be exponential; positions reached are a set instead.
    let bytes = Array(uri.utf8)
    var reached: Set<Int> = [0]
    for part in parts {
      var next = Set<Int>()
      for start in reached {
        switch part {
        case .literal(let literal):
          if start + literal.count <= bytes.count, bytes[start..<(start + literal.count)].elementsEqual(literal) { next.insert(start + literal.count) }
        case .variable(let allowsSlash):
          var end = start
          next.insert(end)
          while end < bytes.count, allowsSlash || bytes[end] != UInt8(ascii: "/"), next.insert(end + 1).inserted { end += 1 }
        }
      }
      reached = next
    }
    return reached.contains(bytes.count)
  }
}
