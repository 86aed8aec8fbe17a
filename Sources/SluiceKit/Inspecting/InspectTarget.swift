internal import ArgumentParser
internal import MCP
internal import MCPHTTP

/// The server to inspect: an address, or a command that starts it.
enum InspectTarget: Equatable {
  case url(String)
  case command(String, [String])

  /// - Throws: what is wrong with it.
  init(_ text: String) throws {
    if text.contains("://"), !text.contains(where: \.isWhitespace) {
      guard HTTPURL(text) != nil else { throw ValidationError("\(text) is no http or https URL") }
      self = .url(text)
      return
    }
    let words: [String]
    do throws(CommandWords.Unfinished) { words = try CommandWords.split(text) } catch { throw ValidationError("the command \(text): \(error)") }
    guard let command = words.first else { throw ValidationError("name a server: an http or https URL, or a command in quotes") }
    self = .command(command, Array(words.dropFirst()))
  }

  /// What the server is called until it says so itself.
  var label: String {
    switch self {
    case .url(let url): HTTPURL(url).map { "\($0.origin)" } ?? url
    case .command(let command, _): command.split(separator: "/").last.map(String.init) ?? command
    }
  }
}

/// The revisions that `--era` names.
enum InspectEra {
  static func versions(_ text: String) throws -> [ProtocolVersion] {
    switch text {
    case "auto": return ProtocolVersion.allCases
    case "modern": return ProtocolVersion.allCases.filter { $0.era == .modern }
    case "legacy": return ProtocolVersion.allCases.filter { $0.era == .legacy }
    default:
      guard let version = ProtocolVersion(rawValue: text) else {
        throw ValidationError("--era takes auto, modern, legacy or a revision: \(ProtocolVersion.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      return [version]
    }
  }
}
