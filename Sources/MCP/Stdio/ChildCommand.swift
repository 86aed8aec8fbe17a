#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What to run as an MCP server: the same four things that a `claude_desktop_config.json` entry gives.
public struct ChildCommand: Sendable, Equatable {
  /// A name to be searched for in `PATH`, or a path if it contains a slash (relative ones start at `workingDirectory`).
  public var command: String
  /// The arguments, handed over as they are: no shell reads them.
  public var arguments: [String]
  /// Variables set for the child, over those of `inheritedVariables`.
  public var environment: [String: String]
  /// Where the child starts; `nil` is the directory of this process.
  public var workingDirectory: String?

  /// All that a child gets of this process's environment: what it takes to find programs, the home directory, the
  /// language and a place for temporary files. Tokens, proxies, `TERM` and the rest must be declared to be seen.
  public static let inheritedVariables: [String] = ["PATH", "HOME", "LANG", "TMPDIR"]

  /// `PATH` where this process has none.
  public static let defaultPath = "/usr/local/bin:/usr/bin:/bin"

  public init(
    _ command: String, arguments: [String] = [], environment: [String: String] = [:], workingDirectory: String? = nil
  ) {
    self.command = command
    self.arguments = arguments
    self.environment = environment
    self.workingDirectory = workingDirectory
  }

  /// The whole environment of the child, `variable` giving the values of this process.
  public func childEnvironment(inheriting variable: (String) -> String? = Self.ownVariable) -> [String: String] {
    var result: [String: String] = ["PATH": Self.defaultPath]
    for name in Self.inheritedVariables {
      if let value = variable(name) { result[name] = value }
    }
    return result.merging(environment) { _, declared in declared }
  }

  /// The value of a variable of this process.
  public static func ownVariable(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }

  /// The file to execute, searched for in the child's `PATH`. Empty and relative entries of `PATH` are passed over: what is
  /// run must not depend on where the gateway was started.
  func executable(in environment: [String: String]) throws(SpawnError) -> String {
    try checkText(environment)
    if command.contains("/") { return command }

    let directories = (environment["PATH"] ?? "").split(separator: ":").map(String.init).filter { $0.hasPrefix("/") }
    var refused: String?
    for directory in directories {
      let path = directory + "/" + command
      var status = stat()
      guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
      if access(path, X_OK) == 0 { return path }
      refused = refused ?? path
    }
    if let refused { throw .notExecutable(path: refused) }
    throw .commandNotFound(command: command, searched: directories)
  }

  private func checkText(_ environment: [String: String]) throws(SpawnError) {
    if command.isEmpty { throw .invalid("the command is empty") }
    for text in [command, workingDirectory ?? ""] + arguments where text.utf8.contains(0) {
      throw .invalid("the command, an argument or the working directory contains a NUL byte")
    }
    for (name, value) in environment {
      if name.isEmpty || name.utf8.contains(UInt8(ascii: "=")) || name.utf8.contains(0) {
        throw .invalid("environment: \"\(name)\" is not a variable name")
      }
      if value.utf8.contains(0) { throw .invalid("environment: the value of \(name) contains a NUL byte") }
    }
  }
}
