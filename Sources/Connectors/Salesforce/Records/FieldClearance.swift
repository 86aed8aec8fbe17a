internal import ConnectorKit
internal import JSON
internal import MCP

/// Which fields the caller of a request may see: what policy grants, against what the settings and Salesforce's own classification say of fields.
struct FieldClearance: Sendable {
  private let types: SalesforceTypes
  /// Nil where it is switched off, or the caller may see whatever it could say.
  private let classification: FieldClassification?
  private let granted: Set<String>
  private let subject: Subject

  /// What is said of a field of which Salesforce does not tell.
  static let unknown = RecordCategory.unknown
  private static let learnable: Set<String> = Set([RecordCategory.internal, .confidential, .pii].map(\.rawValue))
  /// Objects that one relationship leads to and that are looked at; more are those of activities, which lead anywhere.
  private static let maximumTargets = 8

  /// Nil where nobody governs the request.
  init?(_ salesforce: SalesforceContext, _ request: some IncomingRequest, as subject: Subject) {
    guard let granted = request.grantedCategories else { return nil }
    types = salesforce.types
    classification = Self.learnable.isSubset(of: granted) ? nil : salesforce.classification
    self.granted = granted
    self.subject = subject
  }

  /// Whether Salesforce's classification may keep something from the caller: then what does not tell its fields is not shown.
  var isLimited: Bool { classification != nil }

  /// Whether nothing that the settings or Salesforce's classification say of any field keeps it from the caller.
  var seesAll: Bool { !isLimited && types.declaredNames.allSatisfy { isGranted($0) } }

  func isGranted(_ category: String) -> Bool { category == RecordCategory.public.rawValue || granted.contains(category) }

  /// The category, declared beforehand, that keeps a field from the caller.
  func declared(withholding path: String, on object: String) -> String? {
    types.category(ofField: path, on: object).flatMap { isGranted($0) ? nil : $0 }
  }

  /// The category that keeps a field from the caller; nil where it may be seen.
  ///
  /// - Parameter path: the field, with relationships in front.
  func category(withholding path: String, on object: String) async throws(VendorError) -> String? {
    if let declared = declared(withholding: path, on: object) { return declared }
    guard let classification else { return nil }
    return try await learnt(path.split(separator: ".")[...], object, classification)
  }

  private func learnt(_ path: ArraySlice<Substring>, _ object: String, _ classification: FieldClassification) async throws(VendorError) -> String? {
    guard let field = path.first.map(String.init) else { return Self.unknown }
    if path.count == 1, let declared = types.declared(field, on: object) { return isGranted(declared) ? nil : declared }
    if field.lowercased() == "id", path.count == 1 { return nil }
    let known = try await classification.object(object, as: subject)
    guard path.count > 1, let targets = known.targets(of: field) else {
      guard let categories = known.categories(ofField: field) else { return Self.unknown }
      return strictest(of: categories)
    }
    guard targets.count <= Self.maximumTargets else { return Self.unknown }
    var isKnown = false
    for target in targets {
      let found = try await learnt(path.dropFirst(), target, classification)
      if let found, found != Self.unknown { return found }
      // What leads to people or queues has fields that only one of them has; of neither may nothing be told.
      if found != nil, try await classification.object(target, as: subject).isEmpty { return Self.unknown }
      isKnown = isKnown || found == nil
    }
    return isKnown ? nil : Self.unknown
  }

  private func strictest(of categories: Set<RecordCategory>) -> String? {
    RecordCategory.allCases.last { categories.contains($0) && !isGranted($0.rawValue) }?.rawValue
  }

  /// A category that keeps some field of an object from the caller: a search over its fields would find records by it.
  ///
  /// - Parameter scope: of the search.
  func category(withholdingAnyOf object: String, scope: String) async throws(VendorError) -> String? {
    let said = types.categories(on: object, scope: scope).filter { !isGranted($0) }
    if let category = RecordCategory.allCases.last(where: { said.contains($0.rawValue) }) { return category.rawValue }
    guard let classification else { return nil }
    let known = try await classification.object(object, as: subject)
    if known.isEmpty { return Self.unknown }
    for (field, categories) in known.classified {
      let declared = types.declared(field, on: object)
      if let category = declared.map({ isGranted($0) ? nil : $0 }) ?? strictest(of: categories) { return category }
    }
    return nil
  }

  /// - Throws: ``VendorError`` `refused` where a field may not be seen, by which something is to be found.
  func check(_ field: String, on object: String, _ consequence: String) async throws(VendorError) {
    if let category = try await category(withholding: field, on: object) { throw Self.refusal(field, category, consequence) }
  }

  /// - Parameter consequence: `: records cannot be found by it`; empty for none.
  static func refusal(_ field: String, _ category: String, _ consequence: String) -> VendorError {
    guard category != unknown else {
      return VendorError(
        .refused,
        "Salesforce does not tell how \(field) is classified, so policy does not show it here\(consequence). An administrator can name its category in the settings (categories)."
      )
    }
    return VendorError(.refused, "\(field) holds data of the category \"\(category)\", which policy does not show here\(consequence).")
  }
}
