internal import ConnectorKit
internal import JSON
internal import MCP
internal import Synchronization

/// How sensitive the org says that its fields are (Setup, Data Classification): one request an object, for all who wait for it, and again after some minutes.
///
/// The classification is the org's, whoever asks: it is read by the connector's own account where it has one. Else each person reads it
/// with their own sign-in, and what was said to one is not used for another.
final class FieldClassification: Sendable {
  private typealias Load = Task<Result<ClassifiedObject, VendorError>, Never>
  private struct Entry {
    var object: ClassifiedObject?
    var ends: Int64 = 0
    var load: Load?
  }
  private enum Step {
    case known(ClassifiedObject)
    case wait(Load)
  }

  static let seconds: Int64 = 900
  private static let maximumEntries = 2000
  private static let pages = 10

  private let api: SalesforceAPI
  private let hasService: Bool
  private let time: VendorTime
  /// Guards what is known. Never held while anything waits.
  private let entries = Mutex<[String: Entry]>([:])

  init(api: SalesforceAPI, hasService: Bool, time: VendorTime) {
    self.api = api
    self.hasService = hasService
    self.time = time
  }

  /// - Throws: ``VendorError`` that says what to do. What is not known is never taken for what is not classified.
  func object(_ name: String, as subject: Subject) async throws(VendorError) -> ClassifiedObject {
    let reader = hasService ? Subject.service : subject
    let key = "\(reader.key) \(name.lowercased())"
    let now = time.seconds()
    let step: Step = entries.withLock { entries in
      let entry = entries[key] ?? Entry()
      if let object = entry.object, entry.ends > now { return .known(object) }
      if let load = entry.load { return .wait(load) }
      // Not the caller's own task: one that gives up does not take the others' answer with it.
      let load = Task { await self.load(name, key, as: reader) }
      if entries.count >= Self.maximumEntries { entries = entries.filter { $0.value.load != nil } }
      entries[key] = Entry(load: load)
      return .wait(load)
    }
    switch step {
    case .known(let object): return object
    case .wait(let load): return try await load.value.get()
    }
  }

  private func load(_ name: String, _ key: String, as reader: Subject) async -> Result<ClassifiedObject, VendorError> {
    let outcome: Result<ClassifiedObject, VendorError>
    do throws(VendorError) { outcome = .success(ClassifiedObject(try await rows(of: name, as: reader))) } catch { outcome = .failure(Self.explained(error, name)) }
    let ends = time.seconds() + Self.seconds
    entries.withLock { entries in
      if case .success(let object) = outcome { entries[key] = Entry(object: object, ends: ends) } else { entries[key] = nil }
    }
    return outcome
  }

  /// Definitions of an object's fields, all pages or none.
  private func rows(of name: String, as reader: Subject) async throws(VendorError) -> [RawJSON] {
    var query = SOQLQuery(fields: ["QualifiedApiName", "SecurityClassification", "ComplianceGroup", "RelationshipName", "ReferenceTo"], from: "FieldDefinition")
    query.condition = .field("EntityDefinition.QualifiedApiName", .equal, .text(name))
    var json = try await api.get(["query"], [("q", query.text)], as: reader)
    var rows = SalesforceContext.elements(json, "records")
    for _ in 1..<Self.pages {
      guard let link = json["nextRecordsUrl"]?.string else { break }
      json = try await api.get(link: link, as: reader)
      rows += SalesforceContext.elements(json, "records")
    }
    guard json["done"]?.bool == true else { throw VendorError(.invalidAnswer, "Salesforce did not tell all fields.") }
    return rows
  }

  private static func explained(_ error: VendorError, _ name: String) -> VendorError {
    var error = error
    let isLasting = [.forbidden, .invalid, .notFound].contains(error.code)
    error.message =
      "How Salesforce classifies the fields of \(name) cannot be read, so nothing is shown of what that might keep from you. \(error.message)"
      + (isLasting ? " \(remedy)" : "")
    if isLasting { error.code = .forbidden }
    return error
  }

  static let remedy =
    "An administrator gives the account that reads it \"View Setup and Configuration\" and access to FieldDefinition, or sets classification: false."
}

/// What an object's fields were classified as.
struct ClassifiedObject: Sendable {
  /// By the field's name in lower case: empty for those that are not classified.
  private let fields: [String: Set<RecordCategory>]
  /// Of fields that are made of others, what those are classified as.
  private let parts: [String: Set<RecordCategory>]
  /// Relationships in lower case, and the objects that they lead to.
  private let relationships: [String: [String]]

  init(_ rows: [RawJSON]) {
    var fields: [String: Set<RecordCategory>] = [:]
    var relationships: [String: [String]] = [:]
    for row in rows {
      // A definition that does not say it is none.
      guard let name = row["QualifiedApiName"]?.string?.lowercased(), let sensitivity = row["SecurityClassification"], let groups = row["ComplianceGroup"] else {
        continue
      }
      fields[name] = Self.categories(sensitivity.string, groups.string)
      let targets = SalesforceContext.texts(row["ReferenceTo"]?["referenceTo"])
      guard !targets.isEmpty else { continue }
      for relationship in [row["RelationshipName"]?.string?.lowercased(), Self.relationship(ofField: name)] {
        if let relationship { relationships[relationship] = targets }
      }
    }
    var parts: [String: Set<RecordCategory>] = [:]
    for (name, categories) in fields { if let whole = CompoundField.whole(ofPart: name) { parts[whole, default: []].formUnion(categories) } }
    self.fields = fields
    self.parts = parts
    self.relationships = relationships
  }

  var isEmpty: Bool { fields.isEmpty }
  var classified: [(field: String, categories: Set<RecordCategory>)] { fields.filter { !$0.value.isEmpty }.map { ($0.key, $0.value) } }

  /// Nil where Salesforce does not tell of the field.
  func categories(ofField name: String) -> Set<RecordCategory>? {
    let name = name.lowercased()
    let whole = CompoundField.whole(ofPart: name).flatMap { fields[$0] }
    guard let own = fields[name] ?? whole ?? (Self.system.contains(name) ? [] : nil) else { return nil }
    return own.union(whole ?? []).union(parts[name] ?? [])
  }

  func targets(of relationship: String) -> [String]? { relationships[relationship.lowercased()] }

  // MARK: What Salesforce says

  /// Levels and groups that the org made itself count as the strictest of their kind that does not stand for people.
  private static func categories(_ sensitivity: String?, _ groups: String?) -> Set<RecordCategory> {
    var categories: Set<RecordCategory> = []
    switch sensitivity?.lowercased() {
    case nil, "": break
    case "public": categories.insert(.public)
    case "internal": categories.insert(.internal)
    default: categories.insert(.confidential)
    }
    for group in (groups ?? "").split(separator: ";") {
      categories.insert(personal.contains(group.filter { $0 != " " }.uppercased()) ? .pii : .confidential)
    }
    return categories
  }

  /// Groups of rules that are about data of people.
  private static let personal: Set<String> = ["PII", "HIPAA", "GDPR", "PCI", "COPPA", "CCPA"]

  /// Fields that every record has, of which Salesforce does not always keep a definition.
  private static let system: Set<String> = [
    "id", "isdeleted", "createddate", "createdbyid", "lastmodifieddate", "lastmodifiedbyid", "systemmodstamp", "lastvieweddate", "lastreferenceddate",
  ]

  private static func relationship(ofField name: String) -> String? {
    if name.hasSuffix("__c") { return String(name.dropLast(1)) + "r" }
    return name.hasSuffix("id") && name != "id" ? String(name.dropLast(2)) : nil
  }
}
