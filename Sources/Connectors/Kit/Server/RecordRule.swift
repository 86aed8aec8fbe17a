public import JSON
public import MCP

extension IncomingRequest {
  /// The rule for records of a type; nil where every record may be seen, which costs no look at any.
  public func limit(on type: String) -> RowFilter? {
    let filter = rowFilter(type)
    return filter == .constant(true) ? nil : filter
  }

  /// The categories that the caller may see; nil where nobody governs the request.
  public var grantedCategories: Set<String>? {
    // Governed as to rows but silent on categories means that none were granted.
    clearance ?? (meta?[MetaKey.rows] == nil ? nil : [])
  }
}

/// What policy says of the records of one type in one request, for a connector that keeps it itself (``Connector/enforcesRows``): a
/// record that the rule does not admit is as if it were not there, and members that the caller is not cleared for are left out.
///
/// A rule is held against whole records. What a vendor leaves out of a list has to be asked for: a rule that says `has` would take what was
/// not fetched for absent.
public struct RecordRule: Sendable {
  /// Nil where every record may be seen.
  public let filter: RowFilter?
  /// Members that the caller may not see.
  private let hidden: Set<String>
  private let granted: Set<String>?

  public init(_ type: RecordType, for request: some IncomingRequest) {
    filter = request.limit(on: type.name)
    granted = request.grantedCategories
    hidden = granted.map { granted in Set(type.categories.filter { !granted.contains($0.value) }.keys) } ?? []
  }

  /// Whether some records may not be seen: then totals are not told, and a record is looked at before something of it is read or changed.
  public var limits: Bool { filter != nil }

  /// Whether none may be seen, so that there is nothing to ask for.
  public var admitsNone: Bool { filter == .constant(false) }

  /// The members that the rule speaks of, by which a result can be checked again.
  public var members: Set<String> { Set((filter?.attributes ?? []).map { String($0.prefix { $0 != "." }) }) }

  public func admits(_ record: JSONValue) -> Bool {
    guard let filter else { return true }
    return filter.admits(record) && RecordCategory.clears(record, granted)
  }

  /// A record without what the caller is not cleared for.
  public func shown(_ record: JSONValue) -> JSONValue {
    guard !hidden.isEmpty, let object = record.object else { return record }
    var result = JSONObject()
    for (name, value) in object where !hidden.contains(name) { result[name] = value }
    return .object(result)
  }

  /// The records that may be seen, as they may be seen.
  public func rows(_ records: [JSONValue]) -> [JSONValue] { records.filter { admits($0) }.map { shown($0) } }
}

extension RecordShape {
  /// The rule for these records in a request.
  public func rule(_ request: some IncomingRequest) -> RecordRule { RecordRule(type, for: request) }

  /// Rows as far as policy lets the caller see them; a total only where that is all of them.
  ///
  /// - Parameter records: whole, at least as to what the rule speaks of.
  public func result(
    _ records: [JSONValue], for request: some IncomingRequest, selection: Set<String>? = nil, next: String? = nil, total: Int? = nil
  ) -> ToolResult {
    let rule = rule(request)
    return result(rule.rows(records), selection: selection.map { $0.union(rule.members) }, next: next, total: rule.limits ? nil : total)
  }

  /// One record.
  ///
  /// - Throws: `absence` where policy hides it: as if it were not there.
  public func result(
    _ record: JSONValue, for request: some IncomingRequest, selection: Set<String>? = nil, text: String? = nil, absence: VendorError
  ) throws(VendorError) -> ToolResult {
    let rule = rule(request)
    guard rule.admits(record) else { throw absence }
    return result(rule.shown(record), selection: selection.map { $0.union(rule.members) }, text: text)
  }
}
