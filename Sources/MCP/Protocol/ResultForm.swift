public import JSON
public import NIOCore

/// What a result must carry, and must not, in the client's era.
public enum ResultForm {
  /// Members that only modern results have.
  private static func isModernOnly(_ name: RawJSON) -> Bool {
    name.equals("resultType") || name.equals("ttlMs") || name.equals("cacheScope")
  }

  /// The text of `result` for a client of `era`, whatever the era of the server that gave it.
  public static func adapt(_ result: RawJSON, to era: Era, _ method: Method?) -> ByteBuffer {
    var hasType = false
    var hasModernOnly = false
    for (name, _) in result.members where isModernOnly(name) {
      hasModernOnly = true
      if name.equals("resultType") { hasType = true }
    }
    switch era {
    case .legacy: return hasModernOnly ? without(result) : result.bytes
    case .modern:
      let isRead = method == .resourcesRead
      // What one caller was shown must not be kept for another: the upstream's own hint does not know of our policy.
      if isRead { return hasType && result["resultType"]?.equals("complete") != true ? result.bytes : read(result) }
      guard !hasType else { return result.bytes }
      var text = ByteBuffer()
      text.reserveCapacity(result.range.count + 32)
      text.writeStaticString("{\"resultType\":\"complete\"")
      let isEmpty = !result.members.contains { _ in true }
      result.withBytes { bytes in
        text.writeStaticString(isEmpty ? "" : ",")
        text.writeBytes(UnsafeBufferPointer(rebasing: bytes.dropFirst()))
      }
      return text
    }
  }

  private static func without(_ result: RawJSON, adding prefix: StaticString = "") -> ByteBuffer {
    var text = ByteBuffer()
    text.reserveCapacity(result.range.count + 64)
    text.writeStaticString("{")
    text.writeStaticString(prefix)
    for (name, value) in result.members where !isModernOnly(name) {
      if text.readableBytes > 1 { text.writeStaticString(",") }
      text.write(name)
      text.writeStaticString(":")
      text.write(value)
    }
    text.writeStaticString("}")
    return text
  }

  private static func read(_ result: RawJSON) -> ByteBuffer {
    without(result, adding: "\"resultType\":\"complete\",\"ttlMs\":0,\"cacheScope\":\"private\"")
  }
}
