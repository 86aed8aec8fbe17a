/// What a file of machine code says of itself in its first bytes.
enum ExecutableFormat: String {
  case elf = "linux"
  case machO = "darwin"
  case portable = "win32"

  /// Nil for anything else, scripts among them.
  init?(_ bytes: [UInt8]) {
    switch bytes.prefix(4) {
    case [0x7F, 0x45, 0x4C, 0x46]: self = .elf
    // 64 bits, either byte order, and files for several processors.
    case [0xCF, 0xFA, 0xED, 0xFE], [0xFE, 0xED, 0xFA, 0xCF], [0xCA, 0xFE, 0xBA, 0xBE]: self = .machO
    case let start where start.starts(with: [0x4D, 0x5A]): self = .portable
    default: return nil
    }
  }

  /// Whether the program asks for Swift's runtime as shared libraries, which machines without Swift do not have.
  static func needsSwiftLibraries(_ bytes: [UInt8]) -> Bool {
    let name = Array("libswiftCore.so".utf8)
    return bytes.withUnsafeBytes { bytes in
      var at = 0
      while at + name.count <= bytes.count {
        guard let found = bytes[at...].firstIndex(of: name[0]), found + name.count <= bytes.count else { return false }
        if bytes[found..<(found + name.count)].elementsEqual(name) { return true }
        at = found + 1
      }
      return false
    }
  }
}
