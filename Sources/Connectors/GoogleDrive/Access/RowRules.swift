internal import ConnectorKit
internal import JSON
internal import MCP

/// What policy says of records, kept here as well: what may not be seen is not found, and nothing is changed that may not be changed.
extension DriveContext {
  static let unseen = VendorError(.notFound, "Google Drive does not find it, or it may not be seen.")
  static let unseenWrite = VendorError(.notFound, "It is done. You are not permitted to see what it is now.")

  /// The rule for records of a type; nil where there is none to keep, which costs no request.
  func rule(_ request: some IncomingRequest, _ shape: RecordShape) -> RowFilter? { request.limit(on: shape.type.name) }

  func admits(_ record: JSONValue, _ shape: RecordShape, _ request: some IncomingRequest) -> Bool { shape.rule(request).admits(record) }

  /// The records that the caller may see.
  func admitted(_ records: [JSONValue], _ shape: RecordShape, _ request: some IncomingRequest) -> [JSONValue] {
    let rule = shape.rule(request)
    return records.filter { rule.admits($0) }
  }

  /// One record, if the caller may see it.
  func permitted(_ record: JSONValue?, _ shape: RecordShape, _ request: some IncomingRequest) throws(VendorError) -> JSONValue {
    guard let record else { throw VendorError(.invalidAnswer, "Google described the \(shape.one) in no known form.") }
    guard admits(record, shape, request) else { throw Self.unseen }
    return record
  }

  /// What a write made of a record.
  ///
  /// - Throws: ``VendorError`` `notFound` where policy hides what it has become: it was written all the same, and the words say so.
  func written(_ record: JSONValue?, _ shape: RecordShape, _ request: some IncomingRequest) throws(VendorError) -> JSONValue {
    guard let record else { throw VendorError(.invalidAnswer, "It is done, but Google described the \(shape.one) in no known form.") }
    guard admits(record, shape, request) else { throw Self.unseenWrite }
    return record
  }

  /// Checks a record that hangs on a file before it is changed, or what hangs on it is read. Asks for it only where a rule limits such records.
  func check(
    _ shape: RecordShape, _ path: [String], fields: String, _ call: ToolCall, as subject: Subject, _ record: (RawJSON) -> JSONValue?
  ) async throws(VendorError) {
    guard rule(call, shape) != nil else { return }
    var query: [(name: String, value: String?)] = [("fields", fields)]
    // Comments and revisions know no such parameter.
    if path.contains("permissions") { query.append(("supportsAllDrives", "true")) }
    let json = try await api.get(path, query, as: subject)
    _ = try permitted(record(json), shape, call)
  }

  /// Checks what is about to be made, as far as it is known: what is not known fulfils no rule.
  ///
  /// - Parameter own: the member that names the account that makes it.
  func check(new record: JSONObject, _ shape: RecordShape, own: String? = nil, _ call: ToolCall, as subject: Subject) async throws(VendorError) {
    guard let rule = rule(call, shape) else { return }
    var record = record
    if let own, record[own] == nil, rule.attributes.contains(own) { record[own] = .string(try await address(of: subject)) }
    guard rule.admits(.object(record)) else { throw VendorError(.refused, "You are not permitted to make this. Nothing was changed.") }
  }

  /// Checks a file that is about to be put into a folder.
  func check(newFile name: String, _ mimeType: String, in folder: DriveFolder?, _ call: ToolCall, as subject: Subject) async throws(VendorError) {
    guard let rule = rule(call, DriveFile.shape) else { return }
    var record: JSONObject = [
      "name": .string(name), "kind": .string(DriveFile.kind(mimeType)), "mime_type": .string(mimeType), "starred": false, "trashed": false, "labels": [],
    ]
    record["drive"] = folder?.file?.json["drive"] ?? .string(DriveFile.personal)
    // Who sees a folder sees what is put into it.
    record["visibility"] = folder?.file?.json["visibility"] ?? "private"
    if let folder { record["parents"] = [.string(folder.id)] }
    // Files of shared drives are nobody's own; of others the owner says as well whose team's they are.
    let asksOwner = !rule.attributes.isDisjoint(with: ["owner", TeamRules.member])
    if folder?.file?.driveID == nil, asksOwner { record["owner"] = .string(try await address(of: subject)) }
    DriveFile.describe(&record, teams, drive: folder?.file?.driveID, parents: folder.map { [$0.id] } ?? [])
    try await check(new: record, DriveFile.shape, call, as: subject)
  }
}

/// A folder to put something into.
struct DriveFolder: Sendable {
  let id: String
  /// What is known of it; nil where nothing had to be asked.
  let file: DriveFile?
}
