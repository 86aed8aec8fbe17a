/// Names for operations that stay the same from one reading to the next: they depend on an operation's own id, or its method and
/// path, and on nothing else unless two are alike.
struct OperationNames {
  /// Clients cut names: this much survives with an upstream's name in front.
  private static let maximumLength = 56
  private var taken: Set<String> = []

  mutating func name(id: String?, method: String, path: String) -> String {
    let wanted = Self.shortened(Self.words(id.flatMap { $0.isEmpty ? nil : $0 } ?? "\(method)_\(path)"))
    var name = wanted
    var number = 2
    while !taken.insert(name).inserted {
      name = "\(wanted)_\(number)"
      number += 1
    }
    return name
  }

  /// `issues/list-comments` -> `issues_list_comments`, `getUserByID` -> `get_user_by_id`.
  static func words(_ text: String) -> String {
    var result: [UInt8] = []
    var before: UInt8 = 0
    let bytes = Array(text.utf8)
    for (position, byte) in bytes.enumerated() {
      let isUpper = (0x41...0x5A).contains(byte)
      let isWord = isUpper || (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
      if !isWord {
        if result.last != UInt8(ascii: "_"), !result.isEmpty { result.append(UInt8(ascii: "_")) }
      } else {
        let nextIsLower = position + 1 < bytes.count && (0x61...0x7A).contains(bytes[position + 1])
        let startsWord = isUpper && ((0x61...0x7A).contains(before) || ((0x41...0x5A).contains(before) && nextIsLower))
        if startsWord, result.last != UInt8(ascii: "_") { result.append(UInt8(ascii: "_")) }
        result.append(isUpper ? byte + 32 : byte)
      }
      before = byte
    }
    while result.last == UInt8(ascii: "_") { result.removeLast() }
    return result.isEmpty ? "operation" : String(decoding: result, as: UTF8.self)
  }

  private static func shortened(_ name: String) -> String {
    guard name.utf8.count > maximumLength else { return name }
    // What is cut is told apart by a hash of the whole.
    var hash: UInt32 = 2_166_136_261
    for byte in name.utf8 { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
    return String(decoding: name.utf8.prefix(maximumLength - 9), as: UTF8.self) + "_" + String(hash, radix: 16)
  }
}
