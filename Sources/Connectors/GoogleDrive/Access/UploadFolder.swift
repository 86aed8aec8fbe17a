internal import ConnectorKit
internal import NIOCore
internal import NIOPosix

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// The one directory of this machine from which files may be uploaded.
struct UploadFolder: Sendable {
  /// Without symbolic links.
  private let path: String

  init(_ path: String) throws(ConnectorError) {
    guard let real = Self.real(path) else { throw ConnectorError("upload_folder: there is no directory \(path)") }
    self.path = real
  }

  /// The bytes of a file below the directory.
  func read(_ name: String, maximumBytes: Int) async throws(VendorError) -> ByteBuffer {
    let root = path
    let outcome: Result<ByteBuffer, VendorError>
    do {
      outcome = try await NIOThreadPool.singleton.runIfActive { () -> Result<ByteBuffer, VendorError> in
        do throws(VendorError) { return .success(try Self.read(root, name, maximumBytes)) } catch { return .failure(error) }
      }
    } catch { throw VendorError(.cancelled, "The request was cancelled.") }
    return try outcome.get()
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

// The member `read` above hides the function of the C library.
private func readBytes(_ file: Int32, _ bytes: UnsafeMutableRawPointer, _ count: Int) -> Int { read(file, bytes, count) }
