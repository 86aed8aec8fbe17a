import Foundation
import NIOCore
import Synchronization

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// The `sluice` executable, built with the tests.
struct SluiceBinary {
  struct Outcome: Sendable {
    let status: Int32
    let output: String
    let errors: String
  }

  static let path: String? = {
    if let named = ProcessInfo.processInfo.environment["SLUICE_BINARY"] { return named }
    var candidates: [String] = []
    #if canImport(Glibc)
      if let test = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") {
        candidates.append((test as NSString).deletingLastPathComponent + "/sluice")
      }
    #endif
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
    candidates.append("\(root)/.build/debug/sluice")
    return candidates.first { FileManager.default.isExecutableFile(atPath: $0) }
  }()

  /// Runs a command to its end.
  ///
  /// - Parameters:
  ///   - input: a file to be its standard input.
  ///   - wrapper: a command that runs it.
  static func run(
    _ arguments: [String], environment: [String: String] = [:], directory: String? = nil, input: String? = nil, through wrapper: [String] = []
  ) async throws -> Outcome {
    let process = try start(arguments, environment: environment, directory: directory, input: input, through: wrapper)
    return await offLoop {
      // Output of the commands under test is far below what a pipe holds, but both are read to be sure.
      let group = DispatchGroup()
      let errors = Box()
      group.enter()
      Thread.detachNewThread {
        errors.set(process.errors.fileHandleForReading.readDataToEndOfFile())
        group.leave()
      }
      let output = process.output.fileHandleForReading.readDataToEndOfFile()
      group.wait()
      process.process.waitUntilExit()
      return Outcome(
        status: process.process.terminationStatus, output: String(decoding: output, as: UTF8.self), errors: String(decoding: errors.data, as: UTF8.self))
    }
  }

  /// Starts a command and leaves it running.
  static func start(
    _ arguments: [String], environment: [String: String] = [:], directory: String? = nil, input: String? = nil, through wrapper: [String] = []
  ) throws -> Running {
    guard let path else { throw NeverHappened(description: "the sluice executable beside the tests") }
    let process = Process()
    let command = wrapper + [path] + arguments
    process.executableURL = URL(filePath: command[0])
    process.arguments = Array(command.dropFirst())
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    if let directory { process.currentDirectoryURL = URL(filePath: directory) }
    let running = Running(process: process, output: Pipe(), errors: Pipe())
    process.standardInput = input.flatMap { FileHandle(forReadingAtPath: $0) } ?? FileHandle.nullDevice
    process.standardOutput = running.output
    process.standardError = running.errors
    try ProcessStart.run(process)
    return running
  }

  /// `@unchecked Sendable`: `Process` and `Pipe` are used by one task at a time; `kill` only reads the process id.
  struct Running: @unchecked Sendable {
    let process: Process
    let output: Pipe
    let errors: Pipe

    func kill(_ signal: Int32 = SIGKILL) { _ = Foundation.kill(process.processIdentifier, signal) }

    func waitForEnd() async { await offLoop { process.waitUntilExit() } }
  }

  private final class Box: @unchecked Sendable {
    // Written once by one thread, read after a DispatchGroup has waited for it.
    var data = Data()
    func set(_ data: Data) { self.data = data }
  }

  /// Below the ports that the system gives out by itself: no client and no other test gets one between the look and its use.
  private static let nextPort = Mutex(Int.random(in: 20_000..<24_000))

  /// A port that is free, and given out once.
  static func freePort() throws -> Int {
    for _ in 0..<1000 {
      let port = nextPort.withLock { next in
        defer { next = next < 23_999 ? next + 1 : 20_000 }
        return next
      }
      if isFree(port) { return port }
    }
    throw IOError(errnoCode: EADDRINUSE, reason: "bind")
  }

  private static func isFree(_ port: Int) -> Bool {
    #if canImport(Darwin)
      let descriptor = socket(AF_INET, SOCK_STREAM, 0)
    #else
      let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
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
