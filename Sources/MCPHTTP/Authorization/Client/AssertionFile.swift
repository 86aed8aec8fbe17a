internal import MCPAuth
internal import NIOPosix

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// An assertion that an orchestrator keeps fresh in a file, such as a projected service account token.
enum AssertionFile {
  static func read(_ path: String) async throws -> Secret {
    try await NIOThreadPool.singleton.runIfActive {
      guard let file = fopen(path, "re") else {
        throw OAuthError(.configuration, "The assertion file \(path) cannot be read: \(String(cString: strerror(errno)))")
      }
      defer { fclose(file) }
      var bytes = [UInt8](repeating: 0, count: CompactToken.maximumLength + 2)
      let count = fread(&bytes, 1, bytes.count, file)
      let text = String(decoding: bytes[..<count], as: UTF8.self).filter { !$0.isWhitespace }
      guard !text.isEmpty, text.utf8.count <= CompactToken.maximumLength else {
        throw OAuthError(.configuration, "The assertion file \(path) is empty or longer than a token.")
      }
      return Secret(text)
    }
  }
}
