internal import ConnectorKit
internal import JSON
internal import MCP
internal import MCPHTTP
internal import NIOCore

extension GitHub {
  /// What is at a path: a file, or the entries of a folder.
  enum Contents {
    case folder([RawJSON])
    case file(RawJSON, FileContent)
    /// A submodule, or a symlink that leads out.
    case other(RawJSON)
  }

  func contents(_ request: some IncomingRequest, _ repository: Repository, _ path: String, ref: String?) async throws(VendorError) -> Contents {
    let segments = path.pathSegments
    guard !segments.contains(".."), !segments.contains(".") else { throw VendorError(.refused, "A path in a repository has no \".\" or \"..\" in it.") }
    var read = read(repository.path + ["contents"] + (segments.isEmpty ? [""] : segments), [("ref", ref)])
    read.maximumBytes = 8 << 20
    let json = try await api.json(read, as: try subject(request))
    if json.kind == .array { return .folder(json.elements.map { $0 }) }
    guard json["type"]?.string == "file" else { return .other(json) }
    if json["encoding"]?.string == "base64", let text = json["content"]?.string, let content = FileContent(base64: text) { return .file(json, content) }
    // From a megabyte on the content stands in the blob alone.
    guard let sha = json["sha"]?.string else { return .other(json) }
    if let size = json["size"]?.int, size > FileContent.mostBytes {
      throw VendorError(.tooLarge, "The file has \(size) bytes; files of more than \(FileContent.mostBytes) are not read.")
    }
    return .file(json, try await blob(request, repository, sha))
  }

  func blob(_ request: some IncomingRequest, _ repository: Repository, _ sha: String) async throws(VendorError) -> FileContent {
    guard Self.isSHA(sha) else { throw VendorError(.refused, "\"\(sha.prefix(64))\" is no SHA of a blob.") }
    var read = read(repository.path + ["git", "blobs", sha], accept: "application/vnd.github.raw+json")
    read.maximumBytes = FileContent.mostBytes
    return FileContent(bytes: Array(try await api.send(read, as: try subject(request)).body.readableBytesView))
  }

  /// What GitHub redirects to a storage for: logs, artifacts. The storage wants no credential of ours; none is sent there.
  func download(
    _ request: some IncomingRequest, _ repository: Repository, _ segments: [String], maximumBytes: Int
  ) async throws(VendorError) -> VendorResponse {
    // A renamed repository is redirected to as well, by its number: where names are filtered, the name must be the present one.
    if !settings.repositories.admitsAll { _ = try await get(request, repository.path) }
    var message = VendorRequest(.get, segments, bucket: Bucket.core, maximumBytes: maximumBytes)
    message.followsRedirects = true
    return try await api.send(message, as: try subject(request))
  }

  static func isSHA(_ text: String) -> Bool {
    (4...64).contains(text.utf8.count) && text.utf8.allSatisfy { Character(Unicode.Scalar($0)).isHexDigit }
  }

  /// The commit that a branch is at.
  func head(_ request: some IncomingRequest, _ repository: Repository, branch: String) async throws(VendorError) -> String {
    let ref = try await get(request, repository.path + ["git", "ref", "heads"] + branch.pathSegments)
    guard let sha = ref["object"]?["sha"]?.string else { throw VendorError(.invalidAnswer, "GitHub does not say where the branch \(branch) is.") }
    return sha
  }
}
