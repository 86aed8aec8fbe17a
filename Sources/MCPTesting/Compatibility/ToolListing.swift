public import MCP
internal import JSON

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// What a server offers as a text that is the same each time, to be kept in a file beside the tests: a change of a tool shows there as a
/// difference, before a client meets it.
public struct ToolListing: Sendable, Hashable, CustomStringConvertible {
  /// One block a tool, sorted by name.
  public let description: String

  /// Reads the tools of a server.
  public init(of client: Client) async throws(ClientError) {
    let tools = try await client.listTools(options: RequestOptions(usesCache: false)).sorted { $0.name < $1.name }
    description = tools.map { Self.pretty(JSONValue($0.raw), "") + "\n" }.joined(separator: "\n")
  }

  /// Reads the tools of a server in memory, in the newest revision.
  public init(of server: any RequestHandler) async throws {
    self = try await withClient(of: server, over: .memory) { client in try await ToolListing(of: client) }
  }

  /// Compares with the file at `path`. Where there is none, and with `MCP_TESTING_UPDATE=1` in the environment, the file is written.
  ///
  /// - Throws: ``ToolListingMismatch`` with the first line that differs.
  public func check(against path: String) throws(ToolListingMismatch) {
    let isUpdate = ChildCommand.ownVariable("MCP_TESTING_UPDATE") == "1"
    if !isUpdate, let expected = Self.read(path) {
      guard expected != description else { return }
      let (old, new) = (expected.split(separator: "\n", omittingEmptySubsequences: false), description.split(separator: "\n", omittingEmptySubsequences: false))
      let place = zip(old, new).prefix { $0 == $1 }.count
      func line(_ lines: [Substring]) -> String { place < lines.count ? String(lines[place]) : "the end" }
      throw ToolListingMismatch(
        description: "\(path):\(place + 1): the tools have changed: there is \(line(old)), now it is \(line(new)). If that is meant, run again with MCP_TESTING_UPDATE=1")
    }
    guard Self.write(description, to: path) else { throw ToolListingMismatch(description: "\(path) cannot be written") }
  }

  private static func pretty(_ value: JSONValue, _ indent: String) -> String {
    let inner = indent + "  "
    switch value {
    case .array(let elements) where !elements.isEmpty: return "[\n" + elements.map { inner + pretty($0, inner) }.joined(separator: ",\n") + "\n\(indent)]"
    case .object(let object) where !object.isEmpty:
      return "{\n" + object.map { "\(inner)\(JSONValue.string($0.name).text): \(pretty($0.value, inner))" }.joined(separator: ",\n") + "\n\(indent)}"
    default: return value.text
    }
  }

  private static func read(_ path: String) -> String? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = fread(&chunk, 1, chunk.count, file)
      if count == 0 { break }
      bytes += chunk[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func write(_ text: String, to path: String) -> Bool {
    guard let file = fopen(path, "w") else { return false }
    let bytes = Array(text.utf8)
    let isWritten = fwrite(bytes, 1, bytes.count, file) == bytes.count
    return fclose(file) == 0 && isWritten
  }
}

/// A server's tools are not those of its file.
public struct ToolListingMismatch: Error, Sendable, CustomStringConvertible {
  public let description: String
}
