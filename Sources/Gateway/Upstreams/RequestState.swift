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

  /// How long people have to answer.
  static let lifetimeSeconds: Int64 = 600

  init(key: [UInt8], lifetimeSeconds: Int64 = lifetimeSeconds) {
    self.key = SymmetricKey(data: key)
    lifetime = lifetimeSeconds * 1000
  }

  /// What a client carries from one round to the next.
  struct Content: Sendable {
    enum Kind: UInt8, Sendable {
      /// The upstream gave no state.
      case none = 0
      /// The upstream's own `requestState`.
      case upstream = 1
      /// The id of a call that is open in this process; see ``SuspendedCalls``.
      case suspended = 2
    }

    var kind: Kind
    var text: String
    /// How often the client was asked so far.
    var round: UInt8
    /// The exchange that asked last.
    var exchange: ExchangeID
  }

  /// - Parameter binding: what the state must come back with; see ``binding(_:)``.
  func seal(_ state: Content, binding: [UInt8], now: Int64) throws(Refusal) -> String {
    var content = ByteBuffer()
    content.writeInteger(now + lifetime)
    content.writeInteger(state.kind.rawValue)
    content.writeInteger(state.round)
    content.writeInteger(state.exchange.high)
    content.writeInteger(state.exchange.low)
    content.writeString(state.text)
    do {
      let box = try AES.GCM.seal(Array(content.readableBytesView), using: key, authenticating: binding)
      guard let combined = box.combined else { throw Refusal(.internalError, .gateway, "The request cannot be continued") }
      return Base64.encode(combined, urlSafe: true)
    } catch {
      throw Refusal(.internalError, .gateway, "The request cannot be continued", detail: "\(error)")
    }
  }

  func open(_ sealed: String, binding: [UInt8], now: Int64) throws(Refusal) -> Content {
    guard let bytes = Base64.decode(sealed, urlSafe: true), let box = try? AES.GCM.SealedBox(combined: bytes),
      let content = try? AES.GCM.open(box, using: key, authenticating: binding)
    else { throw .invalidState }
    var buffer = ByteBuffer(bytes: content)
    guard let expiry: Int64 = buffer.readInteger(), expiry > now, let kind = buffer.readInteger(as: UInt8.self).flatMap({ Content.Kind(rawValue: $0) }),
      let round: UInt8 = buffer.readInteger(), let high: UInt64 = buffer.readInteger(), let low: UInt64 = buffer.readInteger()
    else { throw .invalidState }
    return Content(
      kind: kind, text: buffer.readString(length: buffer.readableBytes) ?? "", round: round, exchange: ExchangeID(high: high, low: low))
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
    call.arguments?.withBytes { hash.update(bufferPointer: UnsafeRawBufferPointer($0)) }
    return Array(hash.finalize())
  }
}

extension Refusal {
  static let invalidState = Refusal(
    .invalidState, .client, "Invalid requestState: it was changed, has expired, or belongs to another request. Send the request again without it.")
}
