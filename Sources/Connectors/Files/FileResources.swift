internal import ConnectorKit
internal import JSON
internal import MCP

/// Files as resources: `files://root/folder/file`.
struct FileResources: Sendable {
  let files: FileSystem
  let maximumBytes: Int

  static let template = "files://{root}/{+path}"
  static func uri(_ path: FilePath) -> String {
    "files://" + ([path.root] + path.relative.split(separator: "/").map(String.init)).map { PercentEncoding.segment($0) }.joined(separator: "/")
  }

  func add(to server: Server) throws(URITemplate.ParseError) {
    for root in files.roots {
      let path = FilePath(root: root.name, relative: "")
      server.add(
        Resource(uri: Self.uri(path), name: root.name, title: "Files of \(root.name)", mimeType: "text/plain") { read in
          try await read.reading {
            let files = files.governed(by: read)
            let entries = try await BlockingWork.run { () throws(VendorError) in try files.list(path) }
            return .untrusted(CompactTable(entries.prefix(1000).map(\.json), columns: FileInfo.columns).text, source: root.name, mimeType: "text/plain")
          }
        })
    }
    server.add(
      try ResourceTemplate(uriTemplate: Self.template, name: "file", title: "A file", description: "A file below a root.") { read in
        try await read.reading {
          let files = files.governed(by: read)
          let path = try FilePath("\(read["root"] ?? "")/\(read["path"] ?? "")")
          let (bytes, length) = try await BlockingWork.run { () throws(VendorError) in try files.read(path, offset: 0, count: maximumBytes) }
          guard length <= maximumBytes else { throw VendorError(.tooLarge, "\(path) has \(length) bytes; \(maximumBytes) are given at most.") }
          let type = FileContent.mimeType(path, bytes)
          guard let text = FileContent.text(bytes), !type.hasPrefix("image/") else {
            return UntrustedText.mark(.blob(bytes, mimeType: type == "text/plain" ? "application/octet-stream" : type))
          }
          return .untrusted(text, source: path.description, mimeType: type)
        }
      })
    server.addCompletion(for: .resourceTemplate(Self.template, argument: "root")) { request in
      let files = files.governed(by: request)
      let roots = (try? await BlockingWork.run { () throws(VendorError) in files.seenRoots }) ?? []
      return Completion(roots.map(\.name).filter { $0.hasPrefix(request.value) })
    }
    server.addCompletion(for: .resourceTemplate(Self.template, argument: "path")) { request in
      // What is typed up to the last slash is a directory, the rest the start of a name.
      let parts = request.value.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
      let start = parts.last ?? ""
      guard let root = request.arguments["root"], let directory = try? FilePath(([root] + parts.dropLast()).joined(separator: "/")) else { return [] }
      let files = files.governed(by: request)
      let entries = (try? await BlockingWork.run { () throws(VendorError) in try files.list(directory) }) ?? []
      return Completion(entries.filter { $0.path.name.hasPrefix(start) }.map { $0.path.relative + ($0.kind == .directory ? "/" : "") })
    }
  }
}
