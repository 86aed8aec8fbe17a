#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Why a process could not be started. The descriptions name paths of this machine: for its operator, not for callers.
public enum SpawnError: Error, Sendable, Equatable, CustomStringConvertible {
  /// No such file, or none of that name in `PATH` (`searched` is empty when `command` is a path).
  case commandNotFound(command: String, searched: [String])
  /// The file is there, but may not be executed.
  case notExecutable(path: String)
  /// The file is there, but the interpreter its first line names (or its dynamic loader) is not.
  case interpreterNotFound(path: String)
  case workingDirectory(path: String, errno: CInt)
  /// The command, an argument or the environment cannot be passed to a process.
  case invalid(String)
  /// The system refused, most often for want of processes, descriptors or memory.
  case system(call: String, errno: CInt)

  public var description: String {
    switch self {
    case .commandNotFound(let command, let searched) where command.contains("/") || searched.isEmpty:
      "command not found: \(command)"
    case .commandNotFound(let command, let searched):
      "command not found: \(command); PATH searched: \(searched.joined(separator: ":"))"
    case .notExecutable(let path):
      "not executable: \(path); give it execute permission (chmod +x) or name its interpreter as the command"
    case .interpreterNotFound(let path):
      "the interpreter of \(path) was not found; see its first line"
    case .workingDirectory(let path, let errno):
      "working directory \(path): \(Self.text(errno))"
    case .invalid(let reason):
      reason
    case .system(let call, let errno):
      "\(call): \(Self.text(errno))"
    }
  }

  private static func text(_ errno: CInt) -> String {
    strerror(errno).map { String(cString: $0) } ?? "error \(errno)"
  }
}
