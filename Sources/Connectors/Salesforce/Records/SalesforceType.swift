internal import ConnectorKit
internal import JSON
internal import MCP

/// An object of Salesforce that policy speaks of by name, and how its fields are called in results.
struct SalesforceType: Sendable {
  enum Kind: Sendable {
    case id, text, number, bool, date, time
    /// A text that has one spelling and is unique, such as a username.
    case key
  }

  struct Member: Sendable {
    var name: String
    /// The field, with relationships in front.
    var field: String
    var kind: Kind
    /// Whether policy decides by it: such fields are asked for with every query.
    var isPolicy = false
    /// Whether it is asked for where the caller names no fields.
    var isStandard = true
  }

  /// `Opportunity`
  let object: String
  let list: String
  let one: String
  let members: [Member]
  let record: RecordType
  /// Members by their field, as Salesforce spells it and in lower case.
  private let fields: [String: Member]

  init(object: String, list: String, one: String, members: [Member], record: RecordType) {
    self.object = object
    self.list = list
    self.one = one
    self.members = members
    self.record = record
    fields = Dictionary(members.flatMap { [($0.field, $0), ($0.field.lowercased(), $0)] }, uniquingKeysWith: { first, _ in first })
  }

  func member(ofField field: String) -> Member? { fields[field] ?? fields[field.lowercased()] }
  func member(_ name: String) -> Member? { members.first { $0.name == name } }
  var policyFields: [String] { members.filter { $0.isPolicy || $0.name == "id" }.map(\.field) }

  /// The fields that a rule speaks of besides: members under our names, and fields that the org made under its own.
  func fields(of rule: RowFilter?) -> [String] {
    (rule?.attributes ?? []).sorted().compactMap { attribute in
      member(attribute)?.field ?? (attribute.lowercased().hasSuffix("__c") && SOQLName.isName(attribute) ? attribute : nil)
    }
  }
  var standardFields: [String] { members.filter { $0.isStandard || $0.isPolicy }.map(\.field) }

  var properties: JSONObject {
    var properties: JSONObject = ["object": ["type": "string"]]
    for member in members {
      properties[member.name] =
        switch member.kind {
        case .number: ["type": "number"]
        case .bool: ["type": "boolean"]
        case .id, .text, .date, .time, .key: ["type": "string"]
        }
    }
    return properties
  }

  var schema: JSONValue { ["type": "object", "properties": .object(properties), "required": ["id"]] }
}

/// The objects that have a record type of their own.
struct SalesforceTypes: Sendable {
  let all: [SalesforceType]
  /// Every other object.
  let other: SalesforceType
  /// Categories that the settings give to fields: `invoice__c.total__c` -> category.
  private let declaredCategories: [String: String]

  func type(of object: String) -> SalesforceType? {
    all.first { $0.object == object } ?? all.first { $0.object.lowercased() == object.lowercased() }
  }

  /// Which results may hold which records, for `_meta` of tools.
  var listMeta: JSONObject { RecordType.meta((all + [other]).map { ($0.record, "/" + $0.list, true) }) }
  var oneMeta: JSONObject { RecordType.meta((all + [other]).map { ($0.record, "/" + $0.one, false) }) }
  /// Of tools that touch any records and show none.
  var touchMeta: JSONObject { RecordType.meta(touched) }
  /// Of tools that touch any records and show others.
  func touchMeta(_ shape: RecordShape, rows: String, isList: Bool) -> JSONObject { RecordType.meta([(shape.type, rows, isList)] + touched) }

  private var touched: [(type: RecordType, rows: String?, isList: Bool)] { (all + [other]).map { (type: $0.record, rows: nil, isList: false) } }

  /// The field by which policy knows people.
  let owner: String

  /// The category that the settings give to an object's own field, whatever Salesforce says of it.
  func declared(_ field: String, on object: String) -> String? { declaredCategories["\(object).\(field)".lowercased()] }

  /// All categories that the settings give, or that known objects have by themselves.
  var declaredNames: Set<String> { Set(declaredCategories.values).union(all.flatMap { $0.record.categories.values }) }

  /// Categories of an object's own fields that a search of a scope looks into.
  func categories(on object: String, scope: String) -> Set<String> {
    var fields: [String: String] = [:]
    let prefix = object.lowercased() + "."
    for (place, category) in declaredCategories where place.hasPrefix(prefix) { fields[String(place.dropFirst(prefix.count))] = category }
    if let type = type(of: object) {
      for member in type.members where !member.field.contains(".") { fields[member.field.lowercased()] = type.record.categories[member.name] }
    }
    // Which fields name a record depends on the object; addresses and numbers of people never do.
    if scope == "name" { for field in ["email", "phone", "mobilephone"] { fields[field] = nil } }
    return Set(fields.values)
  }

  /// What was said of an object's own field, or of the address, place or name that it is part of.
  private func own(_ field: String, on object: String) -> String? {
    if let type = type(of: object), let member = type.member(ofField: field), let category = type.record.categories[member.name] { return category }
    return declared(field, on: object) ?? CompoundField.whole(ofPart: field.lowercased()).flatMap { declared($0, on: object) }
  }

  /// The object that a relationship usually leads to: `Account`, `Invoice__c` of `Invoice__r`, `User` of `Owner`.
  private static func target(of relationship: String) -> String {
    if SalesforceAccess.people.subtracting(["recordtype"]).contains(relationship.lowercased()) { return "User" }
    return relationship.lowercased().hasSuffix("__r") ? relationship.dropLast(1) + "c" : relationship
  }

  /// Categories of a field, whichever object it is reached through.
  func category(ofField path: String, on object: String) -> String? {
    let member = type(of: object)?.member(ofField: path)
    if let own = own(path, on: object) { return own }
    // What policy decides by must reach it.
    if member?.isPolicy == true { return nil }
    let parts = path.split(separator: ".").map(String.init)
    let last = parts.last ?? path
    if parts.count > 1, let related = own(last, on: Self.target(of: parts[parts.count - 2])) { return related }
    if member != nil { return nil }
    guard path.contains(".") || type(of: object) == nil else { return nil }
    for type in all { if let member = type.member(ofField: last), let category = type.record.categories[member.name] { return category } }
    // Which object a relationship leads to, its name does not tell; names that the org made are seldom those of two fields.
    guard last.lowercased().hasSuffix("__c") else { return nil }
    let found = Set(declaredCategories.filter { $0.key.hasSuffix("." + last.lowercased()) }.values)
    return RecordCategory.allCases.last { found.contains($0.rawValue) }?.rawValue
  }

  /// - Parameters:
  ///   - owner: the field that tells the owner as policy knows people: `OwnerId`, `Owner.Username`.
  ///   - team: the field that tells the team; nil where policy knows none.
  ///   - categories: `Opportunity.Amount` -> category, besides the standard ones.
  init(owner: String, team: String?, categories: [String: String]) {
    typealias Member = SalesforceType.Member
    func make(_ object: String, _ list: String, _ one: String, _ own: [Member], _ categories: [String: String]) -> SalesforceType {
      var members = [Member(name: "id", field: "Id", kind: .id, isPolicy: true)] + own
      let kind: SalesforceType.Kind = owner == "OwnerId" ? .id : owner.lowercased().hasSuffix(".username") ? .key : .text
      members.append(Member(name: "owner", field: owner, kind: kind, isPolicy: true))
      if owner != "OwnerId" { members.append(Member(name: "owner_id", field: "OwnerId", kind: .id)) }
      members.append(Member(name: "owner_name", field: "Owner.Name", kind: .text))
      if let team { members.append(Member(name: "team", field: team, kind: .text, isPolicy: true)) }
      members += [
        Member(name: "created", field: "CreatedDate", kind: .time, isStandard: false), Member(name: "modified", field: "LastModifiedDate", kind: .time),
      ]
      return SalesforceType(
        object: object, list: list, one: one, members: members, record: RecordType(object, entities: ["owner": "User"], categories: categories))
    }
    let person = ["email": "pii", "phone": "pii", "mobile_phone": "pii"]
    let contact: [Member] = [
      Member(name: "email", field: "Email", kind: .text), Member(name: "phone", field: "Phone", kind: .text),
      Member(name: "mobile_phone", field: "MobilePhone", kind: .text, isStandard: false),
    ]
    let account = Member(name: "account", field: "AccountId", kind: .id, isPolicy: true)
    let accountName = Member(name: "account_name", field: "Account.Name", kind: .text)
    var all = [
      make(
        "Account", "accounts", "account",
        [
          Member(name: "name", field: "Name", kind: .text), Member(name: "type", field: "Type", kind: .text, isPolicy: true),
          Member(name: "industry", field: "Industry", kind: .text, isPolicy: true), Member(name: "annual_revenue", field: "AnnualRevenue", kind: .number),
          Member(name: "employees", field: "NumberOfEmployees", kind: .number), Member(name: "city", field: "BillingCity", kind: .text),
          Member(name: "country", field: "BillingCountry", kind: .text), Member(name: "phone", field: "Phone", kind: .text, isStandard: false),
          Member(name: "website", field: "Website", kind: .text), Member(name: "parent", field: "ParentId", kind: .id, isStandard: false),
          Member(name: "description", field: "Description", kind: .text, isStandard: false),
        ], [:]),
      make(
        "Opportunity", "opportunities", "opportunity",
        [
          Member(name: "name", field: "Name", kind: .text), account, accountName, Member(name: "stage", field: "StageName", kind: .text, isPolicy: true),
          Member(name: "amount", field: "Amount", kind: .number, isPolicy: true), Member(name: "close_date", field: "CloseDate", kind: .date),
          Member(name: "probability", field: "Probability", kind: .number), Member(name: "is_closed", field: "IsClosed", kind: .bool, isPolicy: true),
          Member(name: "is_won", field: "IsWon", kind: .bool, isPolicy: true), Member(name: "forecast_category", field: "ForecastCategoryName", kind: .text),
          Member(name: "expected_revenue", field: "ExpectedRevenue", kind: .number, isStandard: false), Member(name: "type", field: "Type", kind: .text),
          Member(name: "next_step", field: "NextStep", kind: .text), Member(name: "lead_source", field: "LeadSource", kind: .text, isStandard: false),
          Member(name: "last_activity", field: "LastActivityDate", kind: .date), Member(name: "description", field: "Description", kind: .text, isStandard: false),
        ], [:]),
      make(
        "Contact", "contacts", "contact",
        [
          Member(name: "name", field: "Name", kind: .text), account, accountName, Member(name: "title", field: "Title", kind: .text),
          Member(name: "department", field: "Department", kind: .text), Member(name: "last_activity", field: "LastActivityDate", kind: .date, isStandard: false),
        ] + contact, person),
      make(
        "Case", "cases", "case",
        [
          Member(name: "number", field: "CaseNumber", kind: .text), Member(name: "subject", field: "Subject", kind: .text),
          Member(name: "status", field: "Status", kind: .text, isPolicy: true), Member(name: "priority", field: "Priority", kind: .text),
          Member(name: "origin", field: "Origin", kind: .text, isStandard: false), Member(name: "type", field: "Type", kind: .text), account, accountName,
          Member(name: "contact", field: "ContactId", kind: .id), Member(name: "is_closed", field: "IsClosed", kind: .bool, isPolicy: true),
          Member(name: "closed", field: "ClosedDate", kind: .time, isStandard: false), Member(name: "description", field: "Description", kind: .text, isStandard: false),
        ], [:]),
      make(
        "Lead", "leads", "lead",
        [
          Member(name: "name", field: "Name", kind: .text), Member(name: "company", field: "Company", kind: .text), Member(name: "title", field: "Title", kind: .text),
          Member(name: "status", field: "Status", kind: .text, isPolicy: true), Member(name: "lead_source", field: "LeadSource", kind: .text),
          Member(name: "is_converted", field: "IsConverted", kind: .bool, isPolicy: true),
        ] + contact, person),
      make(
        "Task", "tasks", "task",
        [
          Member(name: "subject", field: "Subject", kind: .text), Member(name: "status", field: "Status", kind: .text),
          Member(name: "priority", field: "Priority", kind: .text),
          Member(name: "due", field: "ActivityDate", kind: .date), Member(name: "who", field: "WhoId", kind: .id),
          Member(name: "what", field: "WhatId", kind: .id, isPolicy: true),
          account, Member(name: "is_closed", field: "IsClosed", kind: .bool, isPolicy: true),
          Member(name: "description", field: "Description", kind: .text, isStandard: false),
        ], [:]),
    ]
    var further: [String: String] = [:]
    for (place, category) in categories {
      let parts = place.split(separator: ".", maxSplits: 1).map(String.init)
      guard parts.count == 2 else { continue }
      if let index = all.firstIndex(where: { $0.object.lowercased() == parts[0].lowercased() }) {
        var record = all[index].record
        record.categories[all[index].member(ofField: parts[1])?.name ?? parts[1]] = category
        all[index] = SalesforceType(object: all[index].object, list: all[index].list, one: all[index].one, members: all[index].members, record: record)
      } else {
        further[place.lowercased()] = category
      }
    }
    self.all = all
    self.owner = owner
    declaredCategories = Dictionary(categories.map { ($0.key.lowercased(), $0.value) }, uniquingKeysWith: { first, _ in first })
    other = SalesforceType(
      object: "*", list: "records", one: "record", members: [Member(name: "id", field: "Id", kind: .id), Member(name: "owner", field: owner, kind: .id)],
      record: RecordType(
        "SalesforceRecord", entities: ["owner": "User"],
        categories: Dictionary(
          categories.compactMap { place, category in
            let parts = place.split(separator: ".", maxSplits: 1).map(String.init)
            return parts.count == 2 && further[place.lowercased()] != nil ? (parts[1], category) : nil
          }, uniquingKeysWith: { first, _ in first })))
  }
}
