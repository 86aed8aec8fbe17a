#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif
public import MCPAuth

/// A text in which `${env:NAME}` and `${file:PATH}` stand for secrets that are kept elsewhere.
///
/// Resolved each time it is used, so that a rotated file counts at once and no copy is kept. It has no description: what it
/// resolves to cannot be printed by accident.
public struct SecretReference: Sendable, Hashable {
  private enum Part: Sendable, Hashable {
    case text(String)
    case environment(String)
    case file(String)
  }
  private let parts: [Part]

  /// - Throws: what is wrong with the reference, and how one is written.
  public init(_ template: String) throws(SecretError) {
    var parts: [Part] = []
    var rest = Substring(template)
    while let start = rest.firstRange(of: "${") {
      guard let end = rest[start.upperBound...].firstIndex(of: "}") else {
        throw SecretError("a secret reference starts with ${ and ends nowhere; write ${env:NAME} or ${file:PATH}")
      }
      parts.append(.text(String(rest[..<start.lowerBound])))
      let reference = rest[start.upperBound..<end]
      if reference.hasPrefix("env:") {
        parts.append(.environment(String(reference.dropFirst(4))))
      } else if reference.hasPrefix("file:") {
        parts.append(.file(String(reference.dropFirst(5))))
      } else {
        throw SecretError("unknown secret reference ${\(reference.prefix(8))…}; write ${env:NAME} or ${file:PATH}")
      }
      rest = rest[rest.index(after: end)...]
    }
    parts.append(.text(String(rest)))
    self.parts = parts
  }

  /// The text with its secrets in place.
  ///
  /// - Throws: which variable is not set or which file cannot be read; never a value.
  public func resolve() throws(SecretError) -> Secret {
    var text = ""
    for part in parts {
      switch part {
      case .text(let plain): text += plain
      case .environment(let name):
        guard let value = getenv(name) else { throw SecretError("the environment variable \(name) is not set") }
        text += String(cString: value)
      case .file(let path):
        guard let contents = Self.contents(of: path) else { throw SecretError("the file \(path) cannot be read") }
        text += contents.hasSuffix("\n") ? String(contents.dropLast()) : contents
      }
    }
    return Secret(text)
  }

  /// Longer files are no secrets.
  private static let maximumLength = 1 << 20

  private static func contents(of path: String) -> String? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while bytes.count <= maximumLength {
      let count = fread(&chunk, 1, chunk.count, file)
      if count == 0 { break }
      bytes += chunk[..<count]
    }
    guard ferror(file) == 0, bytes.count <= maximumLength else { return nil }
    return String(validating: bytes, as: UTF8.self)
  }
}

/// Why a secret is not to be had. Holds no secret.
public struct SecretError: Error, Sendable, Hashable, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}
