import Cedar
import Foundation

/// One file of the reference implementation's integration tests: policies, entities, and requests with their answers.
struct ReferenceCase {
  let name: String
  let policies: PolicySet
  let entities: Entities
  let requests: [(request: Request, expected: Expected, description: String)]

  struct Expected: Equatable {
    let decision: String
    let reasons: Set<String>
    let errors: Set<String>
  }

  /// - Parameters:
  ///   - file: the case's JSON file.
  ///   - folder: what the paths in it are relative to; only their last components if the files lie flat beside it.
  ///   - implicitEntities: whether `{"type", "id"}` in attribute values stands for an entity, as the case's schema says.
  init(file: URL, root: URL, flat: Bool, implicitEntities: Bool) throws {
    let json = try JSONText.parse(Data(contentsOf: file))
    func resolve(_ path: String) -> URL {
      root.appendingPathComponent(flat ? (path as NSString).lastPathComponent : path)
    }
    name = file.lastPathComponent
    policies = try PolicySet(parsingUTF8: Data(contentsOf: resolve(json["policies"].text)))
    let entitiesJSON = try JSONText.parse(Data(contentsOf: resolve(json["entities"].text)))
    entities = try Entities(json: implicitEntities ? entitiesJSON.withExplicitAttributeEntities : entitiesJSON)
    requests = try json["requests"].items.map { item in
      let request = Request(
        principal: try EntityUID(json: item["principal"]), action: try EntityUID(json: item["action"]),
        resource: try EntityUID(json: item["resource"]), context: try Record(json: item["context"]))
      let expected = Expected(
        decision: item["decision"].text, reasons: Set(item["reason"].items.map(\.text)),
        errors: Set(item["errors"].items.map(\.text)))
      return (request, expected, item["description"].text)
    }
  }

  /// The requests answered differently, described.
  func differences() -> [String] {
    requests.compactMap { request, expected, description in
      let response = policies.isAuthorized(request, entities: entities)
      let actual = Expected(
        decision: response.decision.rawValue, reasons: Set(response.reasons), errors: Set(response.errors.map(\.policyID)))
      guard actual != expected else { return nil }
      return "\(name), \(description): \(actual) \(response.errors) instead of \(expected)"
    }
  }
}

extension CedarJSON {
  /// The entities' attributes with every `{"type", "id"}` wrapped in `__entity`.
  fileprivate var withExplicitAttributeEntities: CedarJSON {
    guard case .array(let entities) = self else { return self }
    return .array(
      entities.map { entity in
        guard case .object(let members) = entity else { return entity }
        return .object(members.map { $0.key == "attrs" ? Member($0.key, $0.value.wrappingEntities) : $0 })
      })
  }

  private var wrappingEntities: CedarJSON {
    switch self {
    case .array(let items): return .array(items.map(\.wrappingEntities))
    case .object(let members):
      if Set(members.map(\.key)) == ["type", "id"] { return .object([Member("__entity", self)]) }
      if members.count == 1, members[0].key.hasPrefix("__") { return self }
      return .object(members.map { Member($0.key, $0.value.wrappingEntities) })
    default: return self
    }
  }
}
