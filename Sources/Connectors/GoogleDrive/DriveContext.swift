internal import ConnectorKit
internal import JSON
internal import MCP

/// What Drive's tools and resources share.
struct DriveContext: Sendable {
  let api: DriveAPI
  let tree: DriveTree
  let labels: DriveLabels
  let teams: TeamRules
  let knownLabels: KnownLabels
  let rule: SubjectRule
  let impersonated: @Sendable (Subject) throws(VendorError) -> String?
  let environment: ConnectorEnvironment
  let uploads: UploadPlace

  /// Of downloads, exports and uploads.
  var maximumBytes: Int { uploads.maximumBytes }

  /// Shortcuts that lead to shortcuts are followed so far.
  static let maximumHops = 5

  func subject(_ request: some IncomingRequest) throws(VendorError) -> Subject { try rule.subject(of: request, environment) }

  /// A tool in whose work Drive's refusals are told to the model. Tools that write can be told whose account must be meant.
  func tool(
    _ name: String, _ title: String, _ description: String, _ fields: [Field], output: JSONValue, annotations: ToolAnnotations = .reading, meta: JSONObject? = nil,
    _ work: @escaping @Sendable (ToolCall, Subject) async throws(VendorError) -> ToolResult
  ) -> Tool {
    let fields = annotations.readOnly == true ? fields : fields + [Self.account]
    return Tool(
      name: name, title: title, description: description, inputSchema: Field.arguments(fields), outputSchema: output, annotations: annotations,
      meta: labels.isEmpty ? meta : RecordType.categorized(meta, [DriveFile.shape.type.name])
    ) { call in
      try await call.answering("Google Drive") {
        let subject = try self.subject(call)
        if let account = call.string("account") { try await check(account, subject) }
        return try await work(call, subject)
      }
    }
  }

  static let account = Field.text("account", "The e-mail address as which this must be done; refused if the connector acts as another.", length: 320)

  /// The user named must be the user impersonated, or the call is refused.
  private func check(_ account: String, _ subject: Subject) async throws(VendorError) {
    let actual = try await address(of: subject)
    guard GoogleAccounts.isSame(account, actual) else {
      throw VendorError(.refused, "This would be done as \(actual), not as \(account.prefix(100)). Nothing was done.")
    }
  }

  /// The address of the account that a subject's requests are of.
  func address(of subject: Subject) async throws(VendorError) -> String {
    if let known = try impersonated(subject) { return known }
    guard let address = try await api.get(["about"], [("fields", "user(emailAddress)")], as: subject)["user"]?["emailAddress"]?.string else {
      throw VendorError(.invalidAnswer, "Google does not say whose account this is.")
    }
    return address
  }

  // MARK: Files

  /// What every request for files says of shared drives and labels.
  var everywhere: [(name: String, value: String?)] { [("supportsAllDrives", "true"), ("includeLabels", labels.included)] }

  static func id(_ text: String?) throws(VendorError) -> String {
    var id = text ?? ""
    if let link = idOfLink(id) { id = link }
    guard !id.isEmpty, id.utf8.count <= 200,
      id.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) || $0 == 0x2D || $0 == 0x5F })
    else { throw VendorError(.refused, "\"\(id.prefix(80))\" is no id of Google Drive. search_files and list_folder give ids.") }
    return id
  }

  /// The id in an address that people copy: `https://docs.google.com/document/d/ID/edit`, `.../folders/ID`.
  private static func idOfLink(_ text: String) -> String? {
    guard text.hasPrefix("https://docs.google.com/") || text.hasPrefix("https://drive.google.com/") else { return nil }
    let parts = text.prefix { $0 != "?" && $0 != "#" }.split(separator: "/").map(String.init)
    guard let place = parts.firstIndex(where: { $0 == "d" || $0 == "folders" }), place + 1 < parts.count else { return nil }
    return parts[place + 1]
  }

  /// What is known of a file that the settings let be reached; of a shortcut, not of what it leads to.
  func file(_ text: String?, as subject: Subject) async throws(VendorError) -> DriveFile {
    let id = try Self.id(text)
    let json = try await api.get(["files", id], [("fields", DriveFile.fields)] + everywhere, as: subject)
    guard let file = DriveFile(json, labels: labels, teams: teams) else { throw VendorError(.invalidAnswer, "Google described the file in no known form.") }
    guard try await tree.admits(file, as: subject) else { throw Self.unseen }
    return file
  }

  /// As ``file(_:as:)``, shortcuts followed to what they lead to.
  func target(_ text: String?, as subject: Subject) async throws(VendorError) -> DriveFile {
    var file = try await file(text, as: subject)
    for _ in 0..<Self.maximumHops {
      guard file.isShortcut else { return file }
      guard let next = file.target else { throw VendorError(.notFound, "The shortcut leads nowhere.") }
      file = try await self.file(next, as: subject)
    }
    guard !file.isShortcut else { throw VendorError(.invalid, "The shortcut leads to shortcuts, more than \(Self.maximumHops) of them.") }
    return file
  }

  /// A file that settings and the gateway's row rule let be reached.
  func reached(_ call: ToolCall, _ argument: String = "file", followsShortcuts: Bool = true, as subject: Subject) async throws(VendorError) -> DriveFile {
    let file = try await followsShortcuts ? target(call.string(argument), as: subject) : self.file(call.string(argument), as: subject)
    guard let visible = try await visible(file, call, as: subject) else { throw Self.unseen }
    return visible
  }

  /// The id of such a file. Where nothing keeps anything out it costs no request.
  func admitted(_ call: ToolCall, _ argument: String = "file", as subject: Subject) async throws(VendorError) -> String {
    guard !tree.admitsAll || rule(call, DriveFile.shape) != nil else { return try Self.id(call.string(argument)) }
    return try await reached(call, argument, followsShortcuts: false, as: subject).id
  }

  /// Asks Sheets or Docs for such a file. They do not know shortcuts: where one was named, what it leads to is asked for.
  func following(_ call: ToolCall, as subject: Subject, _ work: (String) async throws(VendorError) -> RawJSON) async throws(VendorError) -> (id: String, json: RawJSON) {
    guard tree.admitsAll, rule(call, DriveFile.shape) == nil else {
      let id = try await reached(call, as: subject).id
      return (id, try await work(id))
    }
    let id = try Self.id(call.string("file"))
    do throws(VendorError) { return (id, try await work(id)) } catch {
      guard error.code == .notFound || error.code == .invalid, let named = try? await file(id, as: subject), named.isShortcut else { throw error }
      let target = try await target(id, as: subject).id
      return (target, try await work(target))
    }
  }

  /// A folder to put things into: `root` is the top of the account's own drive. Nil where none is named and nothing keeps folders out.
  func folder(_ call: ToolCall, as subject: Subject) async throws(VendorError) -> DriveFolder? {
    let named = call.string("folder")
    guard !tree.admitsAll || (named != nil && rule(call, DriveFile.shape) != nil) else {
      return try named.map { text throws(VendorError) in DriveFolder(id: try Self.id(text), file: nil) }
    }
    let file = try await file(named ?? "root", as: subject)
    // Whose the top of a drive is, is no question of rules: nobody is kept from their own.
    guard (named ?? "root") != "root" else { return DriveFolder(id: file.id, file: file) }
    guard let visible = try await visible(file, call, as: subject) else { throw Self.unseen }
    return DriveFolder(id: file.id, file: visible)
  }

  /// `_meta` of a tool that reaches a file and shows other records, or none.
  ///
  /// - Parameter touched: other records that the tool looks at or changes.
  static func meta(_ shape: RecordShape? = nil, isList: Bool = true, touching touched: RecordShape...) -> JSONObject {
    var parts: [(type: RecordType, rows: String?, isList: Bool)] = []
    if let shape { parts.append((shape.type, "/" + (isList ? shape.list : shape.one), isList)) }
    // Of the files that hold them, and where the shape is that of files, of results that show none.
    for other in [DriveFile.shape] + touched { parts.append((other.type, nil, false)) }
    return RecordType.meta(parts)
  }

  static let fileField = Field.text("file", "The file's id, or its address in a browser.", required: true, length: 300)

  /// Files as records, without those that the settings or the gateway's row rule keep out.
  func records(_ raw: [RawJSON], _ request: some IncomingRequest, as subject: Subject) async throws(VendorError) -> [JSONValue] {
    var rows: [JSONValue] = []
    rows.reserveCapacity(raw.count)
    for file in try await visible(raw.compactMap { DriveFile($0, labels: labels, teams: teams) }, DriveFile.shape.rule(request), as: subject) {
      if !tree.admitsAll { guard try await tree.admits(file, as: subject) else { continue } }
      rows.append(file.json)
    }
    return rows
  }

  func record(_ json: RawJSON?) throws(VendorError) -> DriveFile {
    guard let file = json.flatMap({ DriveFile($0, labels: labels, teams: teams) }) else {
      throw VendorError(.invalidAnswer, "Google described the file in no known form.")
    }
    return file
  }

  static func elements(_ json: RawJSON?, _ member: String) -> [RawJSON] { json?[member].map { Array($0.elements) } ?? [] }

  /// One page of a list that Google pages by tokens.
  func page(
    _ call: ToolCall, _ subject: Subject, _ path: [String], _ query: [(name: String, value: String?)], member: String, fields: String, list: [String],
    shape: RecordShape, limit standard: Int, _ record: (RawJSON) -> JSONValue?
  ) async throws(VendorError) -> ToolResult {
    let place = PageCursor(list: list)
    let token = try call.string("cursor").map { text throws(VendorError) in try place.vendor(text) }
    let json = try await api.get(
      path, query + [("pageSize", String(call.int("limit") ?? standard)), ("pageToken", token), ("fields", "nextPageToken,\(member)(\(fields))")], as: subject)
    return shape.result(
      admitted(Self.elements(json, member).compactMap(record), shape, call), selection: shape.selection(call), next: Self.next(json, place))
  }

  /// A short page is not the end; that there is no token is.
  static func next(_ json: RawJSON?, _ place: PageCursor) -> String? { json?["nextPageToken"]?.string.flatMap { $0.isEmpty ? nil : place.text($0) } }
}
