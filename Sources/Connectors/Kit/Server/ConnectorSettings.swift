public import JSON
public import MCPHTTP
public import Secrets

/// The settings of one connector: its part of sluice.yaml, read key by key. ``finish()`` names keys that nothing read.
public struct ConnectorSettings: Sendable {
  public let values: JSONObject
  private let path: String

  /// - Parameter path: where the values stand, for messages: `upstreams.slack`.
  public init(_ values: JSONObject, path: String) {
    self.values = values
    self.path = path
  }

  public func error(_ key: String, _ problem: String) -> ConnectorError { ConnectorError("\(path).\(key): \(problem)") }

  /// - Throws: which key is not known, and which are.
  public func allow(_ known: Set<String>) throws(ConnectorError) {
    for (name, _) in values where !known.contains(name) {
      throw error(name, "unknown key. Known here: \(known.sorted().joined(separator: ", "))")
    }
  }

  public func string(_ key: String) throws(ConnectorError) -> String? {
    guard let value = values[key], !value.isNull else { return nil }
    if let number = value.int { return String(number) }
    guard let text = value.string else { throw error(key, "expected a text") }
    return text
  }

  public func required(_ key: String) throws(ConnectorError) -> String {
    guard let text = try string(key), !text.isEmpty else { throw error(key, "is needed") }
    return text
  }

  public func bool(_ key: String) throws(ConnectorError) -> Bool? {
    guard let value = values[key], !value.isNull else { return nil }
    guard let bool = value.bool else { throw error(key, "expected true or false") }
    return bool
  }

  public func int(_ key: String, _ range: ClosedRange<Int>) throws(ConnectorError) -> Int? {
    guard let value = values[key], !value.isNull else { return nil }
    guard let int = value.int, range.contains(int) else { throw error(key, "expected a whole number from \(range.lowerBound) to \(range.upperBound)") }
    return int
  }

  /// One text or a list of texts.
  public func strings(_ key: String) throws(ConnectorError) -> [String]? {
    guard let value = values[key], !value.isNull else { return nil }
    if let text = value.string { return [text] }
    guard let list = value.array?.map(\.string), !list.contains(nil) else { throw error(key, "expected a list of texts") }
    return list.compactMap { $0 }
  }

  public func settings(_ key: String) throws(ConnectorError) -> ConnectorSettings? {
    guard let value = values[key], !value.isNull else { return nil }
    guard let object = value.object else { throw error(key, "expected a mapping (key: value)") }
    return ConnectorSettings(object, path: "\(path).\(key)")
  }

  /// `${env:NAME}` or `${file:PATH}`. A secret written out in the file is refused: it would be in every backup of it.
  public func secret(_ key: String) throws(ConnectorError) -> SecretReference? {
    guard let text = try string(key) else { return nil }
    guard text.contains("${") else {
      throw error(key, "a secret is not written here; write ${env:NAME} or ${file:PATH}, which say where it is kept")
    }
    do { return try SecretReference(text) } catch { throw self.error(key, error.description) }
  }

  /// Secrets by the names that the file gives: of people, for example.
  public func secrets(_ key: String) throws(ConnectorError) -> [String: SecretReference] {
    guard let part = try settings(key) else { return [:] }
    var secrets: [String: SecretReference] = [:]
    for (name, _) in part.values { secrets[name] = try part.secret(name) }
    return secrets
  }

  /// An https URL, or http to this machine.
  public func url(_ key: String, default standard: String) throws(ConnectorError) -> HTTPURL {
    let text = try string(key) ?? standard
    guard let url = HTTPURL(text), url.origin.scheme == .https || url.isLoopback else { throw error(key, "expected an https URL") }
    return url
  }
}
