internal import ConnectorKit
internal import JSON
internal import MCP
internal import NIOCore

/// Drive as resources: a file, a form of a Google document, and a folder.
struct DriveResources: Sendable {
  let drive: DriveContext
  let reader: ContentReader
  /// Told who reads.
  let followers: PeopleFeeds?

  static func uri(_ id: String, _ format: String? = nil) -> String { "gdrive:///\(id)\(format.map { "/export/\($0)" } ?? "")" }
  static func folderURI(_ id: String) -> String { "gdrive://folder/\(id)" }

  private static let file = "gdrive:///{fileId}"
  private static let export = "gdrive:///{fileId}/export/{format}"
  private static let folder = "gdrive://folder/{id}"

  func add(to server: Server) throws(URITemplate.ParseError) {
    server.add(
      try ResourceTemplate(uriTemplate: Self.file, name: "file", title: "File", description: "What is in a file, as text or as an image.") { read in
        try await reading(read) { subject throws(VendorError) in try await content(read["fileId"], nil, read, subject) }
      })
    server.add(
      try ResourceTemplate(
        uriTemplate: Self.export, name: "export", title: "Exported document", description: "A Google document in a form: markdown, text, csv, pdf, docx, png, ..."
      ) { read in
        try await reading(read) { subject throws(VendorError) in try await content(read["fileId"], read["format"], read, subject) }
      })
    server.add(
      try ResourceTemplate(uriTemplate: Self.folder, name: "folder", title: "Folder", description: "What is directly in a folder.", mimeType: "text/markdown") { read in
        try await reading(read) { subject throws(VendorError) in try await list(read["id"], read, subject) }
      })
    server.addCompletion(for: .resourceTemplate(Self.export, argument: "format")) { request in
      Completion(ExportFormat.names.filter { $0.hasPrefix(request.value.lowercased()) })
    }
    server.addCompletion(for: .resourceTemplate(Self.file, argument: "fileId")) { request in await complete(request, foldersOnly: false, byID: true) }
    server.addCompletion(for: .resourceTemplate(Self.export, argument: "fileId")) { request in await complete(request, foldersOnly: false, byID: true) }
    server.addCompletion(for: .resourceTemplate(Self.folder, argument: "id")) { request in await complete(request, foldersOnly: true, byID: true) }
  }

  private func reading(_ read: ResourceRead, _ work: (Subject) async throws(VendorError) -> ReadResult) async throws -> ReadResult {
    try await read.reading {
      let subject = try drive.subject(read)
      let result = try await work(subject)
      followers?.note(subject)
      return result
    }
  }

  private func content(_ id: String?, _ format: String?, _ read: ResourceRead, _ subject: Subject) async throws(VendorError) -> ReadResult {
    guard let file = try await drive.visible(drive.target(id, as: subject), read, as: subject) else { throw DriveContext.unseen }
    if format == nil, file.isFolder { return try await list(file.id, read, subject) }
    switch try await reader.read(file, format: format, as: subject) {
    case .text(let text, let mimeType, _): return UntrustedText.mark(.text(UntrustedText.framed(text, source: file.id), mimeType: mimeType))
    case .bytes(let bytes, let mimeType): return UntrustedText.mark(.blob(Array(bytes.readableBytesView), mimeType: mimeType))
    }
  }

  private func list(_ id: String?, _ read: ResourceRead, _ subject: Subject) async throws(VendorError) -> ReadResult {
    let folder = try await drive.target(id, as: subject)
    guard folder.isFolder else { throw VendorError(.notFound, "This is no folder.") }
    let json = try await drive.api.get(
      ["files"],
      [
        ("q", DriveQuery.all(["\(DriveQuery.quoted(folder.id)) in parents", "trashed = false"])), ("corpora", "allDrives"), ("orderBy", "folder,name_natural"),
        ("pageSize", "200"), ("includeItemsFromAllDrives", "true"), ("fields", "nextPageToken,files(\(DriveFile.fields))"),
      ] + drive.everywhere, as: subject)
    let rows = try await drive.records(DriveContext.elements(json, "files"), read, as: subject)
    let more = json["nextPageToken"] == nil ? "" : "\n(there is more: list_folder)"
    return UntrustedText.mark(.text(UntrustedText.framed(CompactTable(rows, columns: DriveFile.shape.columns).text + more, source: folder.id), mimeType: "text/markdown"))
  }

  /// Files whose name starts as typed.
  func complete(_ request: CompletionRequest, foldersOnly: Bool, byID: Bool) async -> Completion {
    guard let subject = try? drive.subject(request) else { return [] }
    var conditions = ["trashed = false"]
    if !request.value.isEmpty { conditions.append("name contains \(DriveQuery.quoted(request.value))") }
    if foldersOnly { conditions.append("mimeType = \(DriveQuery.quoted(DriveFile.folderType))") }
    if let rule = drive.rule(request, DriveFile.shape) {
      switch DriveQuery.pushed(rule, drive.labels) {
      case .none: return []
      case .nothing: break
      case .condition(let text): conditions.append(text)
      }
    }
    let json = try? await drive.api.get(
      ["files"],
      [
        ("q", DriveQuery.all(conditions)), ("corpora", "user"), ("orderBy", "viewedByMeTime desc"), ("pageSize", "20"), ("includeItemsFromAllDrives", "true"),
        ("fields", "files(\(DriveFile.fields))"),
      ] + drive.everywhere, as: subject)
    let rows = (try? await drive.records(DriveContext.elements(json, "files"), request, as: subject)) ?? []
    return Completion(rows.compactMap { $0[byID ? "id" : "name"]?.string })
  }
}
