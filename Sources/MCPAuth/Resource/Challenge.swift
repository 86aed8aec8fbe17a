/// One challenge of a `WWW-Authenticate` header (RFC 9110 section 11.6.1).
public struct Challenge: Sendable, Hashable {
  /// In lower case.
  public var scheme: String
  /// By their names in lower case; of a repeated one, the first.
  public var parameters: [String: String]

  public init(scheme: String, parameters: [String: String] = [:]) {
    self.scheme = scheme
    self.parameters = parameters
  }

  /// `error`: why the credential was refused; nil where there was none.
  public var error: String? { parameters["error"] }
  /// The scopes that the request needs; nil where the server does not say.
  public var scopes: [String]? {
    guard let scopes = parameters["scope"]?.split(separator: " ").map(String.init), !scopes.isEmpty else { return nil }
    return scopes
  }
  /// `resource_metadata`: where the metadata of the server is.
  public var resourceMetadata: String? { parameters["resource_metadata"] }

  /// The challenges of all such headers of an answer. What cannot be read is left out: a broken header must not keep a client from
  /// the well-known places.
  public static func parse(_ headers: [String]) -> [Challenge] { headers.flatMap { Parser(bytes: Array($0.utf8.prefix(16 << 10))).challenges() } }

  /// Reads `scheme`, then either `token68` or parameters, all separated by commas.
  private struct Parser {
    let bytes: [UInt8]
    var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    func challenges() -> [Challenge] {
      var parser = self
      return parser.all()
    }

    private mutating func all() -> [Challenge] {
      var found: [Challenge] = []
      while position < bytes.count {
        skip { $0 == UInt8(ascii: ",") || Self.isSpace($0) }
        guard let word = token() else { break }
        skip(Self.isSpace)
        if take("="), !found.isEmpty, let value = value() {
          // A further parameter of the challenge before.
          let name = word.lowercased()
          if found[found.count - 1].parameters[name] == nil { found[found.count - 1].parameters[name] = value }
        } else {
          guard found.count < 16 else { break }
          found.append(Challenge(scheme: word.lowercased()))
          skipToken68()
        }
      }
      return found
    }

    /// A `token68` stands where the first parameter would: it ends at a comma and has no `=` but at its end.
    private mutating func skipToken68() {
      let start = position
      skip { !Self.isSpace($0) && $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "=") && $0 != UInt8(ascii: "\"") }
      let end = position
      skip { $0 == UInt8(ascii: "=") }
      let padded = position > end
      skip(Self.isSpace)
      let isLast = position >= bytes.count || bytes[position] == UInt8(ascii: ",")
      if !(isLast && (padded || end > start)) { position = start }
    }

    private mutating func token() -> String? {
      let start = position
      skip { $0 > 0x20 && $0 < 0x7F && !"()<>@,;:\\\"/[]?={}".utf8.contains($0) }
      return position > start ? String(decoding: bytes[start..<position], as: UTF8.self) : nil
    }

    private mutating func value() -> String? {
      skip(Self.isSpace)
      guard take("\"") else { return token() }
      var text: [UInt8] = []
      while position < bytes.count {
        var byte = bytes[position]
        position += 1
        if byte == UInt8(ascii: "\"") { return String(decoding: text, as: UTF8.self) }
        if byte == UInt8(ascii: "\\"), position < bytes.count {
          byte = bytes[position]
          position += 1
        }
        text.append(byte)
      }
      return nil
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
      guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
      position += 1
      return true
    }

    private mutating func skip(_ isSkipped: (UInt8) -> Bool) {
      while position < bytes.count, isSkipped(bytes[position]) { position += 1 }
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
  }
}
