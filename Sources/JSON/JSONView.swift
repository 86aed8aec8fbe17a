internal import NIOCore

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// A scanned text as pointers, good while its document is kept.
///
/// Every index that is read comes from the tree that the scanner built (`index + 1`, `next`), which stays inside `nodes`,
/// and every offset from a node of it, which stays inside `text`.
struct JSONView {
  typealias Node = JSONDocument.Node

  let nodes: UnsafePointer<Node>
  let text: UnsafePointer<UInt8>

  @inline(__always)
  subscript(_ index: Int) -> Node { nodes[index] }

  /// The bytes between the quotes of a string, escapes unresolved.
  @inline(__always)
  func characters(_ node: Node) -> UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(start: text + Int(node.start) + 1, count: Int(node.end) - Int(node.start) - 2)
  }

  /// Calls `body` with the characters of a string as UTF-8, escapes resolved.
  @inline(__always)
  func withString<R>(_ index: Int, _ body: (UnsafeBufferPointer<UInt8>) -> R) -> R {
    let node = nodes[index]
    guard node.escaped else { return body(characters(node)) }
    return JSONText.unescape(characters(node), escaped: true).withUnsafeBufferPointer(body)
  }

  func string(_ index: Int) -> String { withString(index) { String(decoding: $0, as: UTF8.self) } }

  func number(_ index: Int) -> DecimalText {
    let node = nodes[index]
    return DecimalText(UnsafeBufferPointer(start: text + Int(node.start), count: Int(node.end) - Int(node.start)))
  }

  /// The value of the member `name` of an object.
  func member(_ name: UnsafeBufferPointer<UInt8>, of object: Int) -> Int? {
    let end = Int(nodes[object].next)
    var child = object + 1
    while child < end {
      if equalString(child, name) { return child + 1 }
      child = Int(nodes[child + 1].next)
    }
    return nil
  }

  func equalString(_ index: Int, _ other: UnsafeBufferPointer<UInt8>) -> Bool {
    let node = nodes[index]
    if node.escaped { return withString(index) { same($0, other) } }
    return same(characters(node), other)
  }

  private func same(_ one: UnsafeBufferPointer<UInt8>, _ other: UnsafeBufferPointer<UInt8>) -> Bool {
    guard one.count == other.count else { return false }
    guard let first = one.baseAddress, let second = other.baseAddress else { return true }
    return memcmp(first, second, one.count) == 0
  }

  /// How many values (members) an array (object) has, counted no further than `limit`.
  func count(_ container: Int, upTo limit: Int = .max) -> Int {
    let isObject = nodes[container].kind == .object
    let end = Int(nodes[container].next)
    var child = container + 1
    var count = 0
    while child < end, count < limit {
      child = Int(nodes[isObject ? child + 1 : child].next)
      count += 1
    }
    return count
  }

  /// The JSON Pointer from one value to another inside it. The path to a member's name is that of the object.
  func pointer(from root: Int, to target: Int) -> String {
    var path = ""
    var at = root
    while at != target {
      let node = nodes[at]
      let isObject = node.kind == .object
      var child = at + 1
      var position = 0
      while child < Int(node.next) {
        if isObject, child == target { return path }
        let value = isObject ? child + 1 : child
        if target < Int(nodes[value].next) {
          path += "/" + (isObject ? Self.escaped(string(child)) : String(position))
          at = value
          break
        }
        child = Int(nodes[value].next)
        position += 1
      }
      if at + 1 > target { return path }
    }
    return path
  }

  private static func escaped(_ name: String) -> String {
    var token = ""
    for scalar in name.unicodeScalars.prefix(128) {
      switch scalar {
      case "~": token += "~0"
      case "/": token += "~1"
      default: token.unicodeScalars.append(scalar)
      }
    }
    return token
  }
}
