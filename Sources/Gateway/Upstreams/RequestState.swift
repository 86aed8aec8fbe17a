internal import Crypto
internal import JSON
internal import MCP
internal import NIOCore

/// The gateway's seal around an upstream's `requestState` (2026-07-28, patterns/mrtr, "Server Requirements").
///
/// The state passes through the client, who must not change it, use it for another request, or hand it to someone else: it is
/// encrypted with AES-GCM and bound to principal, upstream, target and arguments, and expires.
struct RequestStateSeal: Sendable {
  private let key: SymmetricKey
  private let lifetime: Int64

  init(key: [UInt8], lifetimeSeconds: Int64 = 600) {
    self.key = SymmetricKey(data: key)
    lifetime = lifetimeSeconds * 1000
  }

  /// - Parameter binding: what the state must come back with; see ``binding(_:)``.
  func seal(_ state: String?, binding: [UInt8], now: Int64) throws(Refusal) -> String {
    var content = ByteBuffer()
    content.writeInteger(now + lifetime)
    content.writeInteger(UInt8(state == nil ? 0 : 1))
    content.writeString(state ?? "")
    do {
      let box = try AES.GCM.seal(Array(content.readableBytesView), using: key, authenticating: binding)
      guard let combined = box.combined else { throw Refusal(.internalError, .gateway, "The request cannot be continued") }
      return Base64.encode(combined, urlSafe: true)
    } catch {
      throw Refusal(.internalError, .gateway, "The request cannot be continued", detail: "\(error)")
    }
  }

  /// The upstream's own state, nil where it gave none.
  func open(_ sealed: String, binding: [UInt8], now: Int64) throws(Refusal) -> String? {
    let invalid = Refusal(.invalidState, .client, "Invalid requestState: it was changed, has expired, or belongs to another request. Send the request again without it.")
    guard let bytes = Base64.decode(sealed, urlSafe: true), let box = try? AES.GCM.SealedBox(combined: bytes),
      let content = try? AES.GCM.open(box, using: key, authenticating: binding)
    else { throw invalid }
    var buffer = ByteBuffer(bytes: content)
    guard let expiry: Int64 = buffer.readInteger(), expiry > now, let hasState: UInt8 = buffer.readInteger() else { throw invalid }
    return hasState == 1 ? buffer.readString(length: buffer.readableBytes) : nil
  }

  /// Principal, upstream, method, target with its definition, and a digest of the arguments.
  static func binding(_ call: Call) -> [UInt8] {
    var hash = SHA256()
    func add(_ text: String) {
      withUnsafeBytes(of: UInt32(text.utf8.count).bigEndian) { hash.update(bufferPointer: $0) }
      hash.update(data: Array(text.utf8))
    }
    add(call.exchange.principal.id)
    add(call.upstream?.name ?? "")
    add(call.exchange.request.method?.rawValue ?? "")
    add(call.name ?? "")
    if case .tool(let tool) = call.target { add(tool.digest) }
    call.exchange.request["arguments"]?.withBytes { hash.update(bufferPointer: UnsafeRawBufferPointer($0)) }
    return Array(hash.finalize())
  }
}
