public import MCP
internal import MCPHTTP
public import NIOCore

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// Where the bytes of uploads come from: the call itself, or a file below the one directory of this machine that `upload_folder` of
/// the settings names.
public struct UploadPlace: Sendable {
  public static let keys: Set<String> = ["upload_folder"]

  /// Without symbolic links; nil where none is declared.
  private let folder: String?
  public let maximumBytes: Int

  /// - Throws: the directory is not there.
  public init(_ settings: ConnectorSettings, maximumBytes: Int) throws(ConnectorError) {
    folder = try settings.string("upload_folder").map { path throws(ConnectorError) in
      guard let real = Self.real(path) else { throw settings.error("upload_folder", "there is no directory \(path)") }
      return real
    }
    self.maximumBytes = maximumBytes
  }

  // MARK: Arguments

  /// The arguments that ``content(_:)`` reads.
  public static let fields: [Field] = [
    Field.text("text", "The content as text."), Field.text("base64", "The content as bytes in base64."),
    Field.text("path", "A file in the folder for uploads on the connector's machine.", length: 1000),
    Field.text("mime_type", "The content's media type, such as text/markdown or application/pdf; text/plain or application/octet-stream if not given.", length: 200),
  ]

  /// What a call gives to upload, exactly one of `text`, `base64` and `path`, with its media type. The type is safe to stand in a header.
  public func content(_ call: ToolCall) async throws(VendorError) -> (bytes: ByteBuffer, mimeType: String) {
    let type = call.string("mime_type")
    if let type {
      guard type.split(separator: "/").count == 2, type.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
        throw VendorError(.refused, "\"mime_type\" must be a media type such as text/plain.")
      }
    }
    guard ["text", "base64", "path"].count(where: { call.string($0) != nil }) == 1 else {
      throw VendorError(.refused, "Give exactly one of text, base64 and path.")
    }
    let bytes: ByteBuffer
    if let text = call.string("text") {
      bytes = ByteBuffer(string: text)
    } else if let encoded = call.string("base64") {
      guard let decoded = Base64.decode(encoded, urlSafe: false) else { throw VendorError(.refused, "\"base64\" is not valid base64 (RFC 4648, section 4).") }
      bytes = ByteBuffer(bytes: decoded)
    } else {
      bytes = try await file(call.string("path") ?? "")
    }
    guard bytes.readableBytes <= maximumBytes else { throw VendorError(.tooLarge, "At most \(maximumBytes) bytes are uploaded.") }
    return (bytes, type ?? (call.string("text") != nil ? "text/plain" : "application/octet-stream"))
  }

  // MARK: The directory

  /// The bytes of a file below the directory.
  private func file(_ name: String) async throws(VendorError) -> ByteBuffer {
    guard let folder else {
      throw VendorError(.refused, "There is no folder for uploads. An administrator names one in the connector's settings (upload_folder).")
    }
    let most = maximumBytes
    return try await BlockingWork.run { () throws(VendorError) in try Self.read(folder, name, most) }
  }

  private static func read(_ root: String, _ name: String, _ maximumBytes: Int) throws(VendorError) -> ByteBuffer {
    let missing = VendorError(.refused, "There is no file \"\(name.prefix(200))\" in the folder for uploads.")
    guard !name.isEmpty, !name.utf8.contains(0), let real = real(root + "/" + name), real.hasPrefix(root + "/") else { throw missing }
    let file = open(real, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard file >= 0 else { throw missing }
    defer { close(file) }
    // A directory on the way may have been replaced since: what was opened must be below the root as well.
    #if os(Linux)
      guard let opened = Self.real("/proc/self/fd/\(file)"), opened.hasPrefix(root + "/") else { throw missing }
    #endif
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { throw missing }
    guard status.st_size <= maximumBytes else { throw VendorError(.tooLarge, "The file has \(status.st_size) bytes; \(maximumBytes) are uploaded at most.") }
    var buffer = ByteBuffer()
    var chunk = [UInt8](repeating: 0, count: 256 << 10)
    while true {
      let count = readBytes(file, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw VendorError(.unavailable, "The file \"\(name.prefix(200))\" cannot be read.") }
      if count == 0 { return buffer }
      buffer.writeBytes(chunk[..<count])
      guard buffer.readableBytes <= maximumBytes else { throw VendorError(.tooLarge, "The file grows while it is read; at most \(maximumBytes) bytes are uploaded.") }
    }
  }

  private static func real(_ path: String) -> String? {
    guard let pointer = realpath(path, nil) else { return nil }
    defer { free(pointer) }
    return String(cString: pointer)
  }
}
