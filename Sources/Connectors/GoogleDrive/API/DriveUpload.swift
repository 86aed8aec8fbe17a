internal import ConnectorKit
internal import JSON
internal import MCPHTTP
internal import NIOCore

/// Uploads: in one request with the metadata (multipart/related) while small, else in chunks that can be gone on with after a loss
/// (<https://developers.google.com/workspace/drive/api/guides/manage-uploads>).
struct DriveUpload: Sendable {
  let api: DriveAPI
  /// Bytes up to which one request is used.
  var multipartLimit = 5 << 20
  /// Bytes of a chunk, a multiple of 256 KiB.
  var chunk = 8 << 20

  /// - Parameters:
  ///   - id: the file whose content is replaced; nil makes a new one.
  ///   - mimeType: of the bytes; what the file becomes may be another, in the metadata.
  func send(
    _ metadata: JSONObject, _ content: ByteBuffer, mimeType: String, id: String?, _ query: [(name: String, value: String?)], as subject: Subject
  ) async throws(VendorError) -> RawJSON {
    let path = DriveAPI.upload + (id.map { "files/" + PercentEncoding.segment($0) } ?? "files")
    let response =
      content.readableBytes <= multipartLimit
      ? try await multipart(path, metadata, content, mimeType, id, query, subject) : try await resumable(path, metadata, content, mimeType, id, query, subject)
    guard let json = response.json else { throw VendorError(.invalidAnswer, "Google did not describe the file that was uploaded.", mayHaveHadEffect: true) }
    return json
  }

  /// RFC 2387.
  private func multipart(
    _ path: String, _ metadata: JSONObject, _ content: ByteBuffer, _ mimeType: String, _ id: String?, _ query: [(name: String, value: String?)], _ subject: Subject
  ) async throws(VendorError) -> VendorResponse {
    let request = VendorRequest(id == nil ? .post : .patch, path: path, query: [("uploadType", "multipart")] + query, bucket: "upload", isIdempotent: false)
      .multipart(
        "related",
        [
          MultipartPart(type: "application/json; charset=UTF-8", ByteBuffer(string: JSONValue.object(metadata).text)), MultipartPart(type: mimeType, content),
        ])
    return try await api.upload(request, as: subject)
  }

  private func resumable(
    _ path: String, _ metadata: JSONObject, _ content: ByteBuffer, _ mimeType: String, _ id: String?, _ query: [(name: String, value: String?)], _ subject: Subject
  ) async throws(VendorError) -> VendorResponse {
    let total = content.readableBytes
    var start = VendorRequest(id == nil ? .post : .patch, path: path, query: [("uploadType", "resumable")] + query, bucket: "upload", isIdempotent: true)
      .json(.object(metadata))
    start.headers.set("X-Upload-Content-Type", mimeType)
    start.headers.set("X-Upload-Content-Length", String(total))
    guard let link = try await api.upload(start, as: subject).headers["Location"], let session = api.path(ofUpload: link) else {
      throw VendorError(.invalidAnswer, "Google gave no usable address for the upload.")
    }
    var offset = 0
    // Each chunk brings the upload on, or the loop ends: a server that takes nothing cannot keep it going.
    while true {
      let end = min(offset + chunk, total)
      var request = VendorRequest(.put, path: session, bucket: "upload", isIdempotent: true)
      request.headers.set("Content-Type", mimeType)
      request.headers.set("Content-Range", "bytes \(offset)-\(end - 1)/\(total)")
      request.body = content.getSlice(at: content.readerIndex + offset, length: end - offset) ?? ByteBuffer()
      let response = try await api.upload(request, as: subject)
      guard response.status.code == 308 else { return response }
      // Without `Range` nothing has been stored yet.
      let stored = response.headers["Range"].flatMap { $0.split(separator: "-").last.flatMap { Int($0) } }.map { $0 + 1 } ?? 0
      guard stored > offset, stored < total else { throw VendorError(.unavailable, "Google does not take the upload on. Nothing was stored; upload again.") }
      offset = stored
    }
  }
}
