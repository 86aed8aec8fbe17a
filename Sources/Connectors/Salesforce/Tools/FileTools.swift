internal import ConnectorKit
internal import JSON
internal import MCP
internal import MCPHTTP
internal import NIOCore

/// Files: versions of a document that is linked to records.
struct FileTools: Sendable {
  let salesforce: SalesforceContext
  private var queries: SalesforceQueries { SalesforceQueries(salesforce: salesforce) }

  var reading: [Tool] { [listFiles, getFile] }
  var writing: [Tool] { [upload] }

  static let shape = RecordShape(
    RecordType("File", entities: ["owner": "User"]), list: "files", one: "file",
    properties: [
      "id": ["type": "string", "description": "Of the document (069...)."], "version": ["type": "string", "description": "Of its latest version (068...)."],
      "title": ["type": "string"],
      "extension": ["type": "string"], "bytes": ["type": "integer"], "owner": ["type": "string"], "created": ["type": "string"], "record": ["type": "string"],
      "text": ["type": "string"],
    ], always: ["owner", "record"], columns: ["id", "title", "extension", "bytes", "created"])

  private static func file(_ raw: RawJSON, record: String?) -> JSONValue {
    var json: JSONObject = ["id": .string(raw["Id"]?.string ?? raw["ContentDocumentId"]?.string ?? "")]
    for (member, own) in [("LatestPublishedVersionId", "version"), ("Title", "title"), ("FileExtension", "extension"), ("OwnerId", "owner")] {
      if let text = raw[member]?.string { json[own] = .string(text) }
    }
    if let bytes = raw["ContentSize"]?.int { json["bytes"] = .int(bytes) }
    if let time = raw["CreatedDate"]?.string { json["created"] = .string(SalesforceRecord.time(time)) }
    if let record { json["record"] = .string(record) }
    return .object(json)
  }

  private static let documentFields = ["LatestPublishedVersionId", "Title", "FileExtension", "ContentSize", "OwnerId", "CreatedDate"]

  /// Files without what the caller may not see by Salesforce's classification of documents.
  private func shown(_ files: [JSONValue], _ call: ToolCall, as subject: Subject) async throws(VendorError) -> [JSONValue] {
    guard !files.isEmpty, let clearance = FieldClearance(salesforce, call, as: subject), clearance.isLimited else { return files }
    var hidden: Set<String> = []
    for (member, field) in [("title", "Title"), ("extension", "FileExtension"), ("bytes", "ContentSize"), ("owner", "OwnerId"), ("created", "CreatedDate")] {
      if try await clearance.category(withholding: field, on: "ContentDocument") != nil { hidden.insert(member) }
    }
    return files.map { file in
      var shown = JSONObject()
      for (member, value) in file.object ?? JSONObject() where !hidden.contains(member) { shown[member] = value }
      return .object(shown)
    }
  }

  private var listFiles: Tool {
    let shape = Self.shape
    return salesforce.tool(
      "list_files", "List files", "Lists the files of a record.", [QueryTools.object, RecordTools.id, Field.integer("limit", "Files, 50 if not given.", 1...200)],
      output: shape.listSchema, meta: salesforce.types.touchMeta(shape, rows: "/" + shape.list, isList: true)
    ) { call, subject throws(VendorError) in
      let record = call.string("id") ?? ""
      try salesforce.access.check(object: "ContentDocument")
      try await RecordGuard(salesforce: salesforce).check([record], of: call.string("object") ?? "", for: call, as: subject)
      var query = SOQLQuery(fields: ["ContentDocumentId"] + Self.documentFields.map { "ContentDocument." + $0 }, from: "ContentDocumentLink")
      query.condition = .field("LinkedEntityId", .equal, .quoted(record))
      query.limit = call.int("limit") ?? 50
      let json = try await queries.run(query, as: subject)
      let rows = SalesforceContext.elements(json, "records").map { link in
        var row = Self.file(link["ContentDocument"] ?? link, record: record)
        if let id = link["ContentDocumentId"]?.string { row["id"] = .string(id) }
        return row
      }
      let filter = salesforce.fileFilter(call)
      let files = try await shown(rows.filter { filter?.admits($0) ?? true }, call, as: subject)
      return UntrustedText.mark(shape.result(files, total: filter == nil ? json["totalSize"]?.int : nil), "/files")
    }
  }

  private var getFile: Tool {
    let shape = Self.shape
    return salesforce.tool(
      "get_file", "Get a file", "Gets what is known of a file, and with content=true its text (of PDF and office files as well) or image.",
      [
        Field.text("file", "The document's id (069...).", required: true, length: 18), Field.flag("content", "What is in it, too."),
        Field.text("object", "Of the record it belongs to; needed where policy decides by record.", length: 80),
        Field.text("record", "The id of the record it belongs to; needed where policy decides by record.", length: 18),
      ], output: shape.oneSchema, meta: salesforce.types.touchMeta(shape, rows: "/" + shape.one, isList: false)
    ) { call, subject throws(VendorError) in
      let id = try SOQLName.id(call.string("file") ?? "")
      try salesforce.access.check(object: "ContentDocument")
      try await checkLink(id, call, subject)
      let query = SOQLQuery(fields: ["Id"] + Self.documentFields, from: "ContentDocument").restricted(to: .field("Id", .equal, .quoted(id)))
      guard let raw = SalesforceContext.elements(try await queries.run(query, as: subject), "records").first else {
        throw VendorError(.notFound, "Salesforce does not find it, or it may not be seen.")
      }
      let file = Self.file(raw, record: call.string("record"))
      guard salesforce.fileFilter(call)?.admits(file) ?? true else { throw RecordGuard.unseen }
      let shown = try await shown([file], call, as: subject).first ?? file
      guard call.bool("content") == true else { return shape.result(shown) }
      try await FieldClearance(salesforce, call, as: subject)?.check("VersionData", on: "ContentVersion", "")
      let bytes = raw["ContentSize"]?.int ?? 0
      guard bytes <= salesforce.maximumBytes else { throw VendorError(.tooLarge, "The file has \(bytes) bytes; \(salesforce.maximumBytes) are downloaded at most.") }
      let version = try SOQLName.id(raw["LatestPublishedVersionId"]?.string ?? "")
      let body = try await salesforce.api.download(
        ["sobjects", "ContentVersion", version, "VersionData"], accept: "*/*", as: subject, maximumBytes: salesforce.maximumBytes
      ).body
      if let type = Self.imageType(body) { return ToolResult([.image(Array(body.readableBytesView), mimeType: type)], structured: .object([shape.one: shown])) }
      let text = try await text(of: body, raw["FileExtension"]?.string ?? "")
      var record = shown
      record["text"] = .string(text)
      return UntrustedText.mark(shape.result(record, text: UntrustedText.framed(text, source: id)), "/file/text")
    }
  }

  /// Where policy decides by record, a file is read through a record that the caller may see.
  private func checkLink(_ file: String, _ call: ToolCall, _ subject: Subject) async throws(VendorError) {
    guard let record = call.string("record"), let object = call.string("object") else {
      guard !salesforce.isFiltered(call) else {
        throw VendorError(.refused, "Policy decides by record here: say the \"object\" and the \"record\" that the file belongs to.")
      }
      return
    }
    try await RecordGuard(salesforce: salesforce).check([record], of: object, for: call, as: subject)
    let query = SOQLQuery(fields: ["Id"], from: "ContentDocumentLink").restricted(
      to: .all([.field("LinkedEntityId", .equal, .quoted(record)), .field("ContentDocumentId", .equal, .quoted(file))]))
    guard try await queries.run(query, as: subject)["totalSize"]?.int ?? 0 > 0 else { throw VendorError(.notFound, "Salesforce does not find the file at this record.") }
  }

  private func text(of body: ByteBuffer, _ ending: String) async throws(VendorError) -> String {
    if let format = OfficeText.Format(ending: ending) {
      return try await salesforce.documents.text(of: Array(body.readableBytesView), format, maximumBytes: salesforce.maximumBytes)
    }
    guard let text = String(validating: body.readableBytesView, as: UTF8.self) else { throw VendorError(.invalid, "The file is no text. Open it in Salesforce.") }
    return text
  }

  private static func imageType(_ body: ByteBuffer) -> String? {
    let first = Array(body.readableBytesView.prefix(12))
    if first.starts(with: [0x89, 0x50, 0x4E, 0x47]) { return "image/png" }
    if first.starts(with: [0xFF, 0xD8, 0xFF]) { return "image/jpeg" }
    if first.starts(with: Array("GIF8".utf8)) { return "image/gif" }
    if first.starts(with: Array("RIFF".utf8)), first.suffix(4) == Array("WEBP".utf8)[...] { return "image/webp" }
    return nil
  }

  /// Up to so many bytes a file goes within JSON. Salesforce takes 37.5 MB so, but base64 makes them a third more.
  private static let mostInJSON = 4 << 20

  private var upload: Tool {
    let shape = Self.shape
    return salesforce.tool(
      "upload_file", "Upload a file", "Puts content as a file at a record.",
      [QueryTools.object, RecordTools.id, Field.text("filename", "With its ending: notes.md.", required: true, length: 255)] + UploadPlace.fields + [
        Field.text("title", "As it is shown; the filename if not given.", length: 255)
      ], output: shape.oneSchema, annotations: .adding, meta: salesforce.types.touchMeta(shape, rows: "/" + shape.one, isList: false)
    ) { call, subject throws(VendorError) in
      let name = call.string("filename") ?? ""
      guard !name.contains(where: { $0 == "/" || $0 == "\\" || $0.isNewline }) else { throw VendorError(.refused, "\"filename\" must be a plain name.") }
      let (bytes, type) = try await salesforce.uploads.content(call)
      let record = call.string("id") ?? ""
      try salesforce.access.check(object: "ContentVersion")
      try await RecordGuard(salesforce: salesforce).check([record], of: call.string("object") ?? "", for: call, as: subject)
      let title = call.string("title") ?? name
      try await RecordGuard(salesforce: salesforce).check(
        newFile: ["title": .string(title), "bytes": .int(bytes.readableBytes), "record": .string(record)], for: call, as: subject)
      let version = try WriteTools.id(
        of: try await send(["Title": .string(title), "PathOnClient": .string(name), "FirstPublishLocationId": .string(record)], name, bytes, type, as: subject))
      let document = await document(of: version, as: subject) ?? version
      return shape.result(
        ["id": .string(document), "version": .string(version), "title": .string(title), "record": .string(record)], text: "Uploaded as \(document).")
    }
  }

  /// The document that a new version made, which the answer does not name. Where it is not told, the file is there all the same.
  private func document(of version: String, as subject: Subject) async -> String? {
    var query = SOQLQuery(fields: ["ContentDocumentId"], from: "ContentVersion")
    query.condition = .field("Id", .equal, .text(version))
    guard let json = try? await queries.run(query, as: subject) else { return nil }
    return SalesforceContext.elements(json, "records").first?["ContentDocumentId"]?.string
  }

  /// <https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/dome_sobject_insert_update_blob.htm>
  private func send(_ version: JSONObject, _ name: String, _ bytes: ByteBuffer, _ type: String, as subject: Subject) async throws(VendorError) -> RawJSON? {
    let path = ["sobjects", "ContentVersion"]
    guard bytes.readableBytes > Self.mostInJSON else {
      var version = version
      version["VersionData"] = .string(Base64.encode(Array(bytes.readableBytesView)))
      return try await salesforce.api.send(.post, path, .object(version), as: subject)
    }
    return try await salesforce.api.send(
      .post, path,
      parts: [
        MultipartPart(field: "entity_content", type: "application/json", ByteBuffer(string: JSONValue.object(version).text)),
        MultipartPart(field: "VersionData", filename: name, type: type, bytes),
      ], as: subject)
  }
}
