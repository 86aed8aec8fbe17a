internal import Crypto
internal import JSON
internal import MCP
internal import NIOCore

/// The text of audit leaves: canonical in that members come in one fixed order, without white space, numbers as integers.
///
/// docs/audit.md describes each member. Arguments and results are not in the leaf: it commits to them by salted hashes.
struct AuditLeaf {
  private(set) var text = ByteBuffer()

  enum Kind: String {
    /// Written before the effect.
    case intent
    /// Written after it; names the intent.
    case outcome
    /// A request that was answered from the gateway itself: lists.
    case access
    /// A request that was not let through.
    case refusal
    /// A tool is not what it was.
    case definition
  }

  init(_ kind: Kind, _ exchange: ExchangeID, time: Int64) {
    text.reserveCapacity(640)
    text.writeStaticString("{\"v\":1,\"kind\":\"")
    text.writeString(kind.rawValue)
    text.writeStaticString("\",\"exchange\":\"")
    exchange.write(to: &text)
    text.writeStaticString("\",\"time\":\"")
    WallTime.write(time, to: &text)
    text.writeStaticString("\"")
  }

  /// Who asked, and how that was proven.
  mutating func who(_ principal: Principal, _ context: RequestContext) {
    text.writeImmutableBuffer(principal.auditText)
    if let client = context.client.info?["name"], client.kind == .string, client.range.count <= 258 {
      text.writeStaticString(",\"client\":")
      text.write(client)
    }
    if let address = context.remoteAddress {
      text.writeStaticString(",\"address\":")
      JSONText.write(address, to: &text)
    }
    text.writeStaticString("}")
  }

  /// What is said of a principal in every leaf, up to where the request's own part begins: written once for all of them.
  static func who(id: String, kind: Principal.Kind, clientID: String?, tokenID: String?, _ authentication: Principal.Authentication) -> ByteBuffer {
    var text = ByteBuffer()
    text.writeStaticString(",\"who\":{\"id\":")
    JSONText.write(id.truncated(toBytes: 512), to: &text)
    if kind == .agent { text.writeStaticString(",\"kind\":\"agent\"") }
    if let clientID {
      text.writeStaticString(",\"oauth_client\":")
      JSONText.write(clientID.truncated(toBytes: 256), to: &text)
    }
    if let tokenID {
      text.writeStaticString(",\"token\":")
      JSONText.write(tokenID.truncated(toBytes: 256), to: &text)
    }
    if case .jwt(let issuer) = authentication {
      text.writeStaticString(",\"issuer\":")
      JSONText.write(issuer.truncated(toBytes: 256), to: &text)
    }
    return text
  }

  /// What was asked.
  mutating func what(_ call: Call) {
    if case .tool(let tool) = call.target {
      text.writeImmutableBuffer(tool.auditText)
      return
    }
    text.writeStaticString(",\"what\":{\"method\":\"")
    text.writeString(call.exchange.request.method?.rawValue ?? "")
    text.writeStaticString("\"")
    if let name = call.name {
      text.writeStaticString(",\"name\":")
      JSONText.write(name, to: &text)
    }
    if let upstream = call.upstream {
      text.writeStaticString(",\"upstream\":")
      JSONText.write(upstream.name, to: &text)
    }
    text.writeStaticString("}")
  }

  /// What is asked by every call of a tool: written once for all of them.
  static func what(tool name: String, upstream: String, digest: String) -> ByteBuffer {
    var text = ByteBuffer()
    text.writeStaticString(",\"what\":{\"method\":\"tools/call\",\"name\":")
    JSONText.write(name, to: &text)
    text.writeStaticString(",\"upstream\":")
    JSONText.write(upstream, to: &text)
    text.writeStaticString(",\"definition\":\"")
    text.writeString(digest)
    text.writeStaticString("\"}")
    return text
  }

  /// What was asked, where the target never became known.
  mutating func what(_ request: Envelope) {
    text.writeStaticString(",\"what\":{\"method\":")
    JSONText.write((request.methodName?.string ?? "").truncated(toBytes: 64), to: &text)
    if let parameter = request.method?.nameParameter, let name = request[parameter]?.string {
      text.writeStaticString(",\"name\":")
      JSONText.write(name.truncated(toBytes: 2048), to: &text)
    }
    text.writeStaticString("}")
  }

  /// Where a request came from of whose sender nothing else is known.
  mutating func whence(_ address: String?) {
    guard let address else { return }
    text.writeStaticString(",\"who\":{\"address\":")
    JSONText.write(address.truncated(toBytes: 128), to: &text)
    text.writeStaticString("}")
  }

  /// A tool and the definition that it has now.
  mutating func what(_ tool: ToolEntry, before: String) {
    text.writeStaticString(",\"what\":{\"name\":")
    JSONText.write(tool.name, to: &text)
    text.writeStaticString(",\"upstream\":")
    JSONText.write(tool.upstream.name, to: &text)
    for (name, digest) in [("definition", tool.digest), ("before", before)] {
      text.writeString(",\"\(name)\":\"\(digest)\"")
    }
    text.writeStaticString("}")
  }

  mutating func why(_ purpose: String?) {
    guard let purpose else { return }
    text.writeStaticString(",\"why\":")
    JSONText.write(purpose.truncated(toBytes: 4000), to: &text)
  }

  /// Which policies allowed it.
  mutating func policy(_ version: String, _ reasons: [String]) {
    text.writeStaticString(",\"policy\":{\"version\":\"")
    text.writeString(version)
    text.writeStaticString("\",\"permits\":[")
    for (index, reason) in reasons.enumerated() {
      if index > 0 { text.writeStaticString(",") }
      JSONText.write(reason, to: &text)
    }
    text.writeStaticString("]}")
  }

  /// A commitment to bytes: SHA-256 over a salt and them. Whoever has the salt and the bytes can show that they were these.
  mutating func commitment(_ member: StaticString, salt: SHA256, _ bytes: UnsafeRawBufferPointer, hashing limit: Int = .max) {
    text.writeStaticString(",\"")
    text.writeStaticString(member)
    text.writeStaticString("\":{\"bytes\":")
    writeInteger(bytes.count)
    if bytes.count <= limit {
      var hash = salt
      hash.update(bufferPointer: bytes)
      text.writeStaticString(",\"sha256\":\"")
      write(hex: hash.finalize())
      text.writeStaticString("\"")
    }
    text.writeStaticString("}")
  }

  mutating func member(_ name: StaticString, _ value: Int) {
    text.writeStaticString(",\"")
    text.writeStaticString(name)
    text.writeStaticString("\":")
    writeInteger(value)
  }

  mutating func member(_ name: StaticString, _ value: String) {
    text.writeStaticString(",\"")
    text.writeStaticString(name)
    text.writeStaticString("\":")
    JSONText.write(value, to: &text)
  }

  mutating func member(_ name: StaticString, _ value: JSONValue) {
    text.writeStaticString(",\"")
    text.writeStaticString(name)
    text.writeStaticString("\":")
    text.write(value)
  }

  /// The finished leaf.
  consuming func finish() -> ByteBuffer {
    text.writeStaticString("}")
    return text
  }

  private mutating func writeInteger(_ value: Int) { text.writeString(String(value)) }

  private mutating func write(hex digest: SHA256Digest) {
    text.writeWithUnsafeMutableBytes(minimumWritableBytes: 64) { bytes in
      var at = 0
      for byte in digest {
        let (high, low) = (byte >> 4, byte & 15)
        bytes[at] = high < 10 ? UInt8(ascii: "0") + high : UInt8(ascii: "a") + high - 10
        bytes[at + 1] = low < 10 ? UInt8(ascii: "0") + low : UInt8(ascii: "a") + low - 10
        at += 2
      }
      return 64
    }
  }
}

extension String {
  /// The longest beginning of whole characters that has at most so many bytes. One character can have any number of them.
  func truncated(toBytes limit: Int) -> String {
    guard utf8.count > limit else { return self }
    var end = utf8.index(startIndex, offsetBy: limit)
    while end.samePosition(in: unicodeScalars) == nil { end = utf8.index(before: end) }
    return String(self[..<end])
  }
}
