internal import JSON
internal import NIOCore

/// The tools, prompts, resources or templates of a server, in the order in which they were added.
struct Registry<Item: Sendable>: Sendable {
  private struct Entry: Sendable {
    let key: String
    let item: Item
    /// The texts of the definition for the two eras.
    let modern: ByteBuffer
    let legacy: ByteBuffer
  }

  private var entries: [Entry] = []
  private var places: [String: Int] = [:]
  /// Changes with every change, so that a cursor of an older list is recognized.
  private(set) var generation = 0
  /// Bytes of the modern definitions.
  private(set) var definitionBytes = 0
  /// Whether anything was ever here: then the server offers the feature, if only with an empty list.
  private(set) var isOffered = false

  var items: some Sequence<Item> { entries.lazy.map(\.item) }

  /// The texts of all definitions for modern clients, in order.
  var definitions: some Sequence<ByteBuffer> { entries.lazy.map(\.modern) }

  subscript(_ key: String) -> Item? { places[key].map { entries[$0].item } }

  /// Adds an item, in the place of the one with the same key if there is one.
  mutating func set(_ key: String, _ item: Item, modern: JSONValue, legacy: JSONValue) {
    let entry = Entry(key: key, item: item, modern: ByteBuffer(modern), legacy: ByteBuffer(legacy))
    definitionBytes += entry.modern.readableBytes
    if let place = places[key] {
      definitionBytes -= entries[place].modern.readableBytes
      entries[place] = entry
    } else {
      places[key] = entries.count
      entries.append(entry)
    }
    generation += 1
    isOffered = true
  }

  mutating func remove(_ key: String) -> Bool {
    guard let place = places.removeValue(forKey: key) else { return false }
    definitionBytes -= entries.remove(at: place).modern.readableBytes
    for index in place..<entries.count { places[entries[index].key] = index }
    generation += 1
    return true
  }

  /// One page of the list.
  ///
  /// - Throws: ``RPCError`` `-32602` when `cursor` is not one that this list gave out, or the list has changed since.
  func page(after cursor: RawJSON?, size: Int, _ era: Era) throws(RPCError) -> (definitions: [ByteBuffer], next: String?) {
    let start = try cursor.map { raw throws(RPCError) in try position(of: raw) } ?? 0
    let end = min(start + max(size, 1), entries.count)
    let definitions = entries[start..<end].map { era == .modern ? $0.modern : $0.legacy }
    return (definitions, end < entries.count ? Base64.encode(Array("\(generation).\(end)".utf8), urlSafe: true) : nil)
  }

  private func position(of cursor: RawJSON) throws(RPCError) -> Int {
    guard let text = cursor.string, text.utf8.count <= 64, let bytes = Base64.decode(text, urlSafe: true) else {
      throw RPCError(.invalidParams, "Invalid cursor: pass nextCursor as it was received, or none to start again")
    }
    let parts = bytes.split(separator: UInt8(ascii: ".")).map { Int(String(decoding: $0, as: UTF8.self)) }
    guard parts.count == 2, let issued = parts[0], let start = parts[1], start > 0 else {
      throw RPCError(.invalidParams, "Invalid cursor: pass nextCursor as it was received, or none to start again")
    }
    guard issued == generation, start < entries.count else {
      throw RPCError(.invalidParams, "Invalid cursor: the list has changed since, start again without a cursor")
    }
    return start
  }
}
