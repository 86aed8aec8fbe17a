internal import Crypto
internal import NIOPosix

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// Keeps each value in a file of its own (mode 0600) in one directory (mode 0700), written beside, flushed and renamed.
public struct FileConnectorState: ConnectorState {
  private let directory: String

  /// - Parameter directory: made where it is missing, with those above it.
  public init(directory: String) { self.directory = directory }

  public func value(for key: String) async throws(ConnectorStateError) -> [UInt8]? {
    let path = path(key)
    return try await perform { () throws(ConnectorStateError) in try Self.read(path) }
  }

  public func set(_ value: [UInt8]?, for key: String) async throws(ConnectorStateError) {
    let (path, directory) = (path(key), directory)
    try await perform { () throws(ConnectorStateError) in
      guard let value else {
        unlink(path)
        return
      }
      try Self.makeDirectory(directory)
      try Self.write(value, to: path)
    }
  }

  /// Keys hold ids of people: the file's name is a hash, so that any key is one name and tells nothing.
  private func path(_ key: String) -> String {
    let digits = Array("0123456789abcdef".utf8)
    let name = SHA256.hash(data: Array(key.utf8)).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    return directory + "/" + String(decoding: name, as: UTF8.self)
  }

  private func perform<Value: Sendable>(_ work: @escaping @Sendable () throws(ConnectorStateError) -> Value) async throws(ConnectorStateError) -> Value {
    let outcome: Result<Value, ConnectorStateError>
    do {
      outcome = try await NIOThreadPool.singleton.runIfActive { () -> Result<Value, ConnectorStateError> in
        do throws(ConnectorStateError) { return .success(try work()) } catch { return .failure(error) }
      }
    } catch { throw ConnectorStateError("the process is ending") }
    return try outcome.get()
  }

  private static func read(_ path: String) throws(ConnectorStateError) -> [UInt8]? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    if file < 0, errno == ENOENT { return nil }
    guard file >= 0 else { throw failure("read", path) }
    defer { close(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = readBytes(file, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0, bytes.count < 1 << 20 else { throw failure("read", path) }
      if count == 0 { return bytes }
      bytes += chunk[..<count]
    }
  }

  private static func write(_ value: [UInt8], to path: String) throws(ConnectorStateError) {
    // Two writers at once each have a file of their own; the later rename counts.
    let temporary = "\(path).\(getpid()).\(UInt32.random(in: 0 ... .max)).new"
    let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw failure("write", temporary) }
    var rest = value[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { writeBytes(file, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        close(file)
        unlink(temporary)
        throw failure("write", temporary)
      }
      rest = rest.dropFirst(count)
    }
    let isFlushed = fsync(file) == 0
    close(file)
    guard isFlushed, rename(temporary, path) == 0 else { throw failure("write", path) }
  }

  private static func makeDirectory(_ path: String) throws(ConnectorStateError) {
    var prefix = path.hasPrefix("/") ? "" : "."
    for part in path.split(separator: "/") {
      prefix += "/" + part
      if mkdir(prefix, 0o700) != 0, errno != EEXIST { throw failure("make", prefix) }
    }
  }

  private static func failure(_ action: String, _ path: String) -> ConnectorStateError {
    ConnectorStateError("cannot \(action) \(path): \(String(cString: strerror(errno)))")
  }
}

// The member `write` above hides the function of the C library.
private func writeBytes(_ file: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int { write(file, bytes, count) }
