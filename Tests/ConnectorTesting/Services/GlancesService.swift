public import Foundation
internal import MCPHTTP
internal import NIOCore

#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Glibc)
  internal import Glibc
#endif

/// A real HTTP API with a published description: Glances (PyPI), which tells the state of this machine by FastAPI, on loopback.
public final class GlancesService: Sendable {
  /// The interpreter with scripts/python-requirements-services.txt; nil if there is none.
  public static let interpreter: String? = {
    let folder = ProjectFiles.root.appending(path: ".build/venv-services")
    // Written last by scripts/python.sh: without it the packages are not all there.
    guard FileManager.default.fileExists(atPath: folder.appending(path: "requirements.installed").path) else { return nil }
    return folder.appending(path: "bin/python").path
  }()

  public static var isPresent: Bool { interpreter != nil }
  public static let absence = "scripts/python.sh has not made .build/venv-services: no real service was asked by its published description"

  private let id: Int32
  public let url: String
  /// Where its description was written.
  public let description: URL
  private let folder: URL

  /// Starts the service and fetches its description.
  public init() async throws {
    guard let interpreter = Self.interpreter else { throw TestDataError(Self.absence) }
    folder = FileManager.default.temporaryDirectory.appending(path: "sluice-glances-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    description = folder.appending(path: "openapi.json")
    let port = try Self.freePort()
    url = "http://127.0.0.1:\(port)"
    let process = Process()
    process.executableURL = URL(filePath: interpreter)
    process.arguments = ["-m", "glances", "-w", "--bind", "127.0.0.1", "-p", "\(port)", "--disable-webui", "--disable-check-update"]
    process.currentDirectoryURL = folder
    process.environment = ["PATH": "/usr/bin:/bin", "HOME": folder.path, "XDG_CACHE_HOME": folder.path, "PYTHONDONTWRITEBYTECODE": "1", "LANG": "C.UTF-8"]
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    id = process.processIdentifier
    let end = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < end, process.isRunning {
      if let text = try? await Self.get(port, "/openapi.json") {
        try Data(text.utf8).write(to: description)
        return
      }
      try await Task.sleep(for: .milliseconds(100))
    }
    throw TestDataError("Glances did not answer within a minute")
  }

  deinit {
    kill(id, SIGKILL)
    try? FileManager.default.removeItem(at: folder)
  }

  private static func get(_ port: Int, _ path: String) async throws -> String {
    let request = HTTPClientRequest(origin: HTTPOrigin(scheme: .http, host: "127.0.0.1", port: port), method: .get, path: path)
    let response = try await ConnectorTestingHTTP.client.send(request, deadline: .now() + .seconds(10))
    guard response.status == .ok, case .full(let body) = response.body else { throw TestDataError("\(path): \(response.status.code)") }
    return String(buffer: body)
  }

  /// A port that is free, below those that the system gives out by itself: nobody else gets it before it is used.
  private static func freePort() throws -> Int {
    guard let port = (24_000..<28_000).shuffled().first(where: isFree) else { throw TestDataError("no free port") }
    return port
  }

  private static func isFree(_ port: Int) -> Bool {
    #if canImport(Glibc)
      let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    #else
      let descriptor = socket(AF_INET, SOCK_STREAM, 0)
    #endif
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0 }
    }
  }
}
