internal import JSON

/// Which fields a search looks into.
/// <https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_sosl_in.htm>
enum SearchScope: String, CaseIterable {
  case all, name, email, phone, sidebar

  /// Whether the settings let every field be seen that the search looks into. Records are found by the others as well, though nothing shows them.
  ///
  /// - Parameter description: the object's own. What it does not say of a field is taken for yes.
  func isOpen(_ object: String, _ description: RawJSON, _ access: SalesforceAccess) -> Bool {
    let described = SalesforceContext.elements(description, "fields")
    let own = described.filter { isSearched($0, of: object) }.compactMap { $0["name"]?.string }
    let related = object.lowercased() == "contact" && ![.email, .phone].contains(self) ? ["Account.Name"] : []
    return !described.isEmpty && (own + related).allSatisfy { access.admits(field: $0, of: object) }
  }

  private func isSearched(_ field: RawJSON, of object: String) -> Bool {
    let (object, name, type) = (object.lowercased(), field["name"]?.string?.lowercased() ?? "", field["type"]?.string ?? rawValue)
    // Salesforce heeds no scope there.
    if Self.unscoped.contains(object) || object.hasSuffix("__kav") { return true }
    switch self {
    case .all, .sidebar: return true
    case .email, .phone: return type == rawValue
    case .name: return field["nameField"]?.bool != false || CompoundField.whole(ofPart: name) == "name" || Self.named[object]?.contains(name) == true
    }
  }

  private static let unscoped: Set<String> = [
    "contentdocument", "contentversion", "document", "feedcomment", "feeditem", "knowledgearticle", "knowledgearticleversion", "product2", "solution",
  ]

  /// Fields that count as names besides those that are.
  private static let named: [String: Set<String>] = [
    "account": ["website", "site", "namelocal"], "asset": ["serialnumber"], "case": ["suppliedname", "suppliedcompany", "subject"],
    "contact": ["assistantname", "firstnamelocal", "lastnamelocal"], "event": ["subject"],
    "lead": ["company", "companylocal", "firstnamelocal", "lastnamelocal"], "note": ["title"], "permissionset": ["label"], "report": ["description"],
    "tagdefinition": ["normname"], "task": ["subject"], "user": ["communitynickname"],
  ]
}
