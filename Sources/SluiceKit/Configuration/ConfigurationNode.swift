internal import JSON
internal import Yams

/// What is wrong with a configuration, where, and what to do.
public struct ConfigurationError: Error, Sendable, CustomStringConvertible {
  public let description: String

  init(_ message: String, at line: Int? = nil, in file: String? = nil) {
    let place = [file, line.map { "line \($0)" }].compactMap { $0 }.joined(separator: ", ")
    description = place.isEmpty ? message : "\(place): \(message)"
  }
}

/// One value of the configuration file, with its place for error messages.
struct ConfigurationNode {
  private let node: Node
  private let path: String
  private let file: String

  /// - Parameter text: YAML, of which JSON is a part.
  init(parsing text: String, file: String) throws(ConfigurationError) {
    do {
      guard let node = try Yams.compose(yaml: text) else { throw ConfigurationError("the file is empty", in: file) }
      self.init(node: node, path: "", file: file)
    } catch let error as ConfigurationError { throw error } catch {
      throw ConfigurationError("this is no valid YAML: \(error)", in: file)
    }
  }

  private init(node: Node, path: String, file: String) {
    self.node = node
    self.path = path
    self.file = file
  }

  func error(_ message: String) -> ConfigurationError {
    ConfigurationError((path.isEmpty ? "" : "\(path): ") + message, at: node.mark?.line, in: file)
  }

  var isNull: Bool { node.null != nil }

  // MARK: Mappings

  /// The members, each of which must be one of `known`.
  func members(_ known: Set<String>) throws(ConfigurationError) -> [String: ConfigurationNode] {
    let members = try entries()
    for (name, value) in members where !known.contains(name) {
      throw value.error("unknown key. Known here: \(known.sorted().joined(separator: ", "))")
    }
    return Dictionary(members.map { ($0.name, $0.value) }) { $1 }
  }

  /// The members in order, under names that the file chooses.
  func entries() throws(ConfigurationError) -> [(name: String, value: ConfigurationNode)] {
    guard case .mapping(let mapping) = node else {
      if isNull { return [] }
      throw error("expected a mapping (key: value)")
    }
    var seen = Set<String>()
    var entries: [(name: String, value: ConfigurationNode)] = []
    for (key, value) in mapping {
      guard let name = key.string else { throw error("keys must be text") }
      let child = ConfigurationNode(node: value, path: path.isEmpty ? name : "\(path).\(name)", file: file)
      guard seen.insert(name).inserted else { throw child.error("the key occurs twice") }
      entries.append((name, child))
    }
    return entries
  }

  // MARK: Values

  func string() throws(ConfigurationError) -> String {
    guard case .scalar(let scalar) = node, !isNull else { throw error("expected a text") }
    return scalar.string
  }

  func int(_ range: ClosedRange<Int> = 0...Int.max) throws(ConfigurationError) -> Int {
    guard let value = node.int, range.contains(value) else {
      throw error(
        range.upperBound == .max ? "expected a whole number of at least \(range.lowerBound)" : "expected a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  func bool() throws(ConfigurationError) -> Bool {
    guard let value = node.bool else { throw error("expected true or false") }
    return value
  }

  /// A list of texts; a single text counts as a list of one.
  func strings() throws(ConfigurationError) -> [String] {
    if case .scalar = node, !isNull { return [try string()] }
    var strings: [String] = []
    for element in try elements() { strings.append(try element.string()) }
    return strings
  }

  func elements() throws(ConfigurationError) -> [ConfigurationNode] {
    if isNull { return [] }
    guard case .sequence(let sequence) = node else { throw error("expected a list") }
    return sequence.enumerated().map { ConfigurationNode(node: $1, path: "\(path)[\($0)]", file: file) }
  }

  /// Whether this is a list, for keys that take one thing or several.
  var isList: Bool { if case .sequence = node { true } else { false } }
  var isMapping: Bool { if case .mapping = node { true } else { false } }

  /// Any value as JSON data, for attributes.
  func json() throws(ConfigurationError) -> JSONValue {
    switch node {
    case .scalar(let scalar):
      if isNull { return .null }
      if let bool = node.bool, ["true", "false"].contains(scalar.string) { return .bool(bool) }
      if scalar.style == .plain, let int = node.int { return .int(int) }
      return .string(scalar.string)
    case .sequence:
      var values: [JSONValue] = []
      for element in try elements() { values.append(try element.json()) }
      return .array(values)
    case .mapping:
      var object: JSONValue = .object(JSONObject())
      for (name, value) in try entries() { object[name] = try value.json() }
      return object
    case .alias: throw error("aliases are not supported here")
    }
  }
}
