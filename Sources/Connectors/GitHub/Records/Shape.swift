internal import ConnectorKit
internal import JSON
internal import MCP

/// How a kind of GitHub's objects looks in our results: which members it has, and where GitHub has them.
struct Shape: Sendable {
  struct Field: Sendable {
    enum Kind: Sendable { case text, number, flag, texts, object, objects }

    let name: String
    let kind: Kind
    /// Whether lists show it where the call does not say.
    let isListed: Bool
    /// Nil where the object has it not.
    let read: @Sendable (RawJSON) -> JSONValue?

    /// - Parameter path: members to follow; the name itself where it is not given.
    init(_ name: String, _ kind: Kind = .text, at path: [String]? = nil, listed: Bool = true) {
      let path = path ?? [name]
      self.init(name, kind, listed: listed) { raw in
        var value: RawJSON? = raw
        for part in path { value = value?[part] }
        return value.flatMap { $0.isNull ? nil : Self.fitting($0, kind) }
      }
    }

    init(_ name: String, _ kind: Kind = .text, listed: Bool = true, _ read: @escaping @Sendable (RawJSON) -> JSONValue?) {
      self.name = name
      self.kind = kind
      isListed = listed
      self.read = read
    }

    /// The `member` of each element of a list; elements that are texts stand for themselves.
    static func names(_ name: String, in path: [String]? = nil, _ member: String, listed: Bool = true) -> Field {
      let path = path ?? [name]
      return Field(name, .texts, listed: listed) { raw in
        var value: RawJSON? = raw
        for part in path { value = value?[part] }
        guard let value, value.kind == .array else { return nil }
        return .array(value.elements.compactMap { ($0[member]?.string ?? $0.string).map { .string($0) } })
      }
    }

    /// What GitHub sends, if it is of the kind that we promise.
    private static func fitting(_ value: RawJSON, _ kind: Kind) -> JSONValue? {
      switch kind {
      case .text: value.string.map { .string($0) }
      case .number: value.kind == .number ? JSONValue(value) : nil
      case .flag: value.bool.map { .bool($0) }
      case .texts: value.kind == .array ? .array(value.elements.compactMap { $0.string.map { .string($0) } }) : nil
      case .object: value.kind == .object ? JSONValue(value) : nil
      case .objects: value.kind == .array ? JSONValue(value) : nil
      }
    }

    var schema: JSONValue {
      switch kind {
      case .text: ["type": "string"]
      case .number: ["type": "number"]
      case .flag: ["type": "boolean"]
      case .texts: ["type": "array", "items": ["type": "string"]]
      case .object: ["type": "object"]
      case .objects: ["type": "array"]
      }
    }
  }

  let type: RecordType
  let fields: [Field]
  /// Members that always come: they identify the record.
  let identity: Set<String>
  /// Members that hold text of people.
  let untrusted: [String]
  /// Columns of the text, where `fields` does not say.
  let columns: [String]

  init(_ type: RecordType, identity: Set<String>, untrusted: [String] = [], columns: [String], _ fields: [Field]) {
    self.type = type
    self.fields = fields
    self.identity = identity
    self.untrusted = untrusted
    self.columns = columns
  }

  /// Columns of the text where a call chose members.
  func columns(_ chosen: Set<String>?) -> [String] {
    chosen.map { chosen in fields.map(\.name).filter { chosen.contains($0) || identity.contains($0) } } ?? columns
  }

  /// Whether policy speaks of such things.
  var isRecord: Bool { !identity.isEmpty }

  var schema: JSONValue {
    var properties = JSONObject()
    for field in fields { properties[field.name] = field.schema }
    return ["type": "object", "properties": .object(properties)]
  }

  /// - Parameters:
  ///   - chosen: members to keep; nil for those of a list.
  ///   - isWhole: whether all members are meant where nothing is chosen.
  ///   - extra: what GitHub does not say in the object itself.
  func record(_ raw: RawJSON, _ chosen: Set<String>? = nil, isWhole: Bool = false, adding extra: JSONObject = JSONObject()) -> JSONValue {
    var record = JSONObject()
    for field in fields where chosen.map({ $0.contains(field.name) || identity.contains(field.name) }) ?? (isWhole || field.isListed) {
      if let value = extra[field.name] ?? field.read(raw) { record[field.name] = value }
    }
    return .object(record)
  }
}

extension ToolCall {
  /// `fields` of the call.
  var chosenFields: Set<String>? {
    guard let fields = self["fields"], fields.kind == .array else { return nil }
    return Set(fields.elements.compactMap(\.string))
  }

  func strings(_ argument: String) -> [String]? {
    guard let value = self[argument], value.kind == .array else { return nil }
    return value.elements.compactMap(\.string)
  }

  /// Arguments as members of a request's body, where they are given.
  func body(_ names: String...) -> JSONObject {
    names.reduce(into: JSONObject()) { body, name in if let value = self[name], !value.isNull { body[name] = JSONValue(value) } }
  }
}
