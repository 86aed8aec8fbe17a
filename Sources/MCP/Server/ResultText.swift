internal import JSON
public import NIOCore

/// Writes the text of one result object, with what the era of the request adds to it.
///
/// Modern results start with `resultType` and end with caching hints and the identity of the server (2026-07-28, basic,
/// "Per-response protocol fields"); legacy results have the fields of the method alone.
struct ResultText: ~Copyable {
  private var buffer: ByteBuffer
  private var isEmpty = true
  private let era: Era

  /// - Parameter type: `resultType` of a modern result.
  init(_ era: Era, type: String = "complete", capacity: Int = 256) {
    self.era = era
    buffer = ByteBuffer()
    buffer.reserveCapacity(capacity + Message.responseHeadroom)
    buffer.moveWriterIndex(to: Message.responseHeadroom)
    buffer.moveReaderIndex(to: Message.responseHeadroom)
    isEmpty = era == .legacy
    guard era == .modern else {
      buffer.writeStaticString("{")
      return
    }
    buffer.append(atMost: type.utf8.count + 24) { text in
      text.put("{\"resultType\":\"")
      text.put(type)
      text.put("\"")
    }
  }

  private mutating func name(_ name: StaticString) {
    let isFirst = isEmpty
    isEmpty = false
    // One write in place of four: each asks the buffer anew whether it may.
    buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: name.utf8CodeUnitCount + 4) { room in
      var at = 0
      if !isFirst {
        room[0] = UInt8(ascii: ",")
        at = 1
      }
      room[at] = UInt8(ascii: "\"")
      let end = at + 1 + name.utf8CodeUnitCount
      UnsafeMutableRawBufferPointer(rebasing: room[at + 1..<end])
        .copyMemory(from: UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
      room[end] = UInt8(ascii: "\"")
      room[end + 1] = UInt8(ascii: ":")
      return end + 2
    }
  }

  mutating func string(_ value: String, for name: StaticString) {
    self.name(name)
    JSONText.write(value, to: &buffer)
  }

  mutating func value(_ value: JSONValue, for name: StaticString) {
    self.name(name)
    buffer.write(value)
  }

  /// The content of a tool's result, its texts without making values of them first.
  mutating func content(_ blocks: [Content], for version: ProtocolVersion) {
    name("content")
    for (index, block) in blocks.enumerated() {
      if case .text(let text) = block.kind, block.annotations == nil, block.meta == nil {
        buffer.writeStaticString(index == 0 ? "[{\"type\":\"text\",\"text\":" : ",{\"type\":\"text\",\"text\":")
        JSONText.write(text, to: &buffer)
        buffer.writeStaticString("}")
      } else {
        buffer.writeStaticString(index == 0 ? "[" : ",")
        buffer.write(block.json(for: version))
      }
    }
    buffer.writeStaticString(blocks.isEmpty ? "[]" : "]")
  }

  mutating func members(_ object: JSONObject) {
    for (name, value) in object {
      if !isEmpty { buffer.writeStaticString(",") }
      isEmpty = false
      JSONText.write(name, to: &buffer)
      buffer.writeStaticString(":")
      buffer.write(value)
    }
  }

  mutating func text(_ text: ByteBuffer, for name: StaticString) {
    self.name(name)
    buffer.writeImmutableBuffer(text)
  }

  mutating func array(_ elements: some Sequence<ByteBuffer>, for name: StaticString) {
    self.name(name)
    buffer.writeStaticString("[")
    var isFirst = true
    for element in elements {
      if !isFirst { buffer.writeStaticString(",") }
      isFirst = false
      buffer.writeImmutableBuffer(element)
    }
    buffer.writeStaticString("]")
  }

  /// Ends the object.
  ///
  /// - Parameter server: the text of the server's `Implementation`.
  consuming func finish(server: ByteBuffer?, cache: CacheHint? = nil, meta: JSONObject? = nil) -> ByteBuffer {
    if era == .modern, let cache {
      value(.int(cache.milliseconds), for: "ttlMs")
      string(cache.scope.rawValue, for: "cacheScope")
    }
    let server = era == .modern ? server : nil
    if let server, meta?.isEmpty ?? true {
      let isFirst = isEmpty
      buffer.append(atMost: server.readableBytes + 64) { text in
        text.put(isFirst ? "\"_meta\":{\"io.modelcontextprotocol/serverInfo\":" : ",\"_meta\":{\"io.modelcontextprotocol/serverInfo\":")
        text.put(server)
        text.put("}}")
      }
      return buffer
    }
    if meta?.isEmpty == false || server != nil {
      name("_meta")
      buffer.writeStaticString("{")
      var isFirst = true
      for (name, value) in meta ?? JSONObject() {
        if !isFirst { buffer.writeStaticString(",") }
        isFirst = false
        JSONText.write(name, to: &buffer)
        buffer.writeStaticString(":")
        buffer.write(value)
      }
      if let server, meta?[MetaKey.serverInfo] == nil {
        if !isFirst { buffer.writeStaticString(",") }
        buffer.writeStaticString("\"io.modelcontextprotocol/serverInfo\":")
        buffer.writeImmutableBuffer(server)
      }
      buffer.writeStaticString("}")
    }
    buffer.writeStaticString("}")
    return buffer
  }
}

extension ServerDescription {
  /// The result of `server/discover`.
  ///
  /// - Parameter versions: the revisions that the transport speaks.
  public func discoverResult(versions: [ProtocolVersion]) -> ByteBuffer {
    var result = ResultText(.modern)
    result.value(.array(versions.map { .string($0.rawValue) }), for: "supportedVersions")
    result.value(capabilities, for: "capabilities")
    if let instructions { result.string(instructions, for: "instructions") }
    return result.finish(server: ByteBuffer(implementation), cache: cache)
  }
}
