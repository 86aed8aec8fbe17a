internal import Crypto
internal import JSON
internal import MCP
internal import NIOCore

/// What a legacy session id says, sealed so that only servers with the key can write it and none needs to remember it.
struct SessionToken: Sendable {
  /// Random, for logs, ``RequestContext/sessionID`` and ``SessionRegistry``.
  var id: String
  var client: ClientDescription
  var callerID: String?
  /// In seconds since 1970.
  var issued: Int

  /// A new session of a client that initializes.
  init(client: ClientDescription, callerID: String?, issued: Int) {
    var random = SystemRandomNumberGenerator()
    let bytes = (0..<16).map { _ in UInt8.random(in: 0...255, using: &random) }
    id = Base64.encode(bytes, urlSafe: true)
    self.client = client
    self.callerID = callerID
    self.issued = issued
  }

  // MARK: Sealing

  private static let purpose: [UInt8] = Array("sluice mcp session 1".utf8)
  private static let nonceBytes = 12
  private static let tagBytes = 16
  /// Half of what our own server takes in all headers together, which is less than most others take.
  private static let maximumLength = 8192

  /// - Returns: nil when the client described itself with more than a header can carry.
  func sealed(with key: SymmetricKey) -> String? {
    var object: JSONObject = ["i": .string(id), "v": .string(client.version.rawValue), "t": .int(issued)]
    if let callerID { object["c"] = .string(callerID) }
    if let info = client.info { object["n"] = JSONValue(info) }
    object["k"] = JSONValue(client.capabilities)
    let text = Array(JSONValue.object(object).text.utf8)
    guard (SessionToken.nonceBytes + text.count + SessionToken.tagBytes) * 4 / 3 + 3 <= SessionToken.maximumLength else { return nil }
    guard let box = try? AES.GCM.seal(text, using: key, authenticating: SessionToken.purpose) else { return nil }
    return Base64.encode(Array(box.nonce) + Array(box.ciphertext) + Array(box.tag), urlSafe: true)
  }

  /// - Returns: nil for anything that was not sealed with `key`.
  init?(opening text: ByteBuffer, with key: SymmetricKey) {
    guard let bytes = Base64.decode(String(buffer: text), urlSafe: true),
      bytes.count > SessionToken.nonceBytes + SessionToken.tagBytes,
      let nonce = try? AES.GCM.Nonce(data: bytes[..<SessionToken.nonceBytes]),
      let box = try? AES.GCM.SealedBox(
        nonce: nonce, ciphertext: bytes[SessionToken.nonceBytes..<(bytes.count - SessionToken.tagBytes)],
        tag: bytes[(bytes.count - SessionToken.tagBytes)...]),
      let opened = try? AES.GCM.open(box, using: key, authenticating: SessionToken.purpose),
      let raw = try? RawJSON(scanning: ByteBuffer(bytes: Array(opened))),
      let id = raw["i"]?.string, let version = raw["v"]?.string.flatMap({ ProtocolVersion(rawValue: $0) }),
      let issued = raw["t"]?.int
    else { return nil }
    self.id = id
    self.issued = issued
    callerID = raw["c"]?.string
    client = ClientDescription(version: version, info: raw["n"], capabilities: raw["k"])
  }
}

extension SessionToken {
  /// Whether the session is the caller's, by the bytes of the id.
  func belongs(to caller: (any Caller)?) -> Bool {
    switch (callerID, caller?.id) {
    case (nil, nil): true
    case (let mine?, let theirs?): mine.utf8.elementsEqual(theirs.utf8)
    default: false
    }
  }
}
