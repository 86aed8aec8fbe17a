public import JSON
internal import Synchronization

/// Remembers which arguments of which tools go into `Mcp-Param-*` headers, as `tools/list` told.
public final class ToolHeaders: Sendable {
  /// Tools with such arguments, beyond which nothing is remembered: no honest server comes near.
  private static let limit = 10_000

  /// Guards what is remembered, by tool.
  private let known: Mutex<[String: [HeaderParameter]]> = Mutex([:])

  public init() {}

  /// Takes in a result of `tools/list`.
  ///
  /// - Parameter rejected: told of each tool whose annotations are not valid; clients must not use it.
  public func remember(_ result: RawJSON, rejected: (_ tool: String, _ reason: String) -> Void = { _, _ in }) {
    for tool in result.elements(of: "tools") {
      guard let name = tool["name"]?.string, let schema = tool["inputSchema"] else { continue }
      do throws(HeaderParameter.Invalid) {
        let parameters = try HeaderParameter.all(in: schema)
        known.withLock { known in
          // Most tools have none, and cost nothing.
          if parameters.isEmpty { known[name] = nil } else if known.count < Self.limit || known[name] != nil { known[name] = parameters }
        }
      } catch {
        known.withLock { _ = $0.removeValue(forKey: name) }
        rejected(name, error.description)
      }
    }
  }

  /// The headers of a call of `tool`.
  public func headers(for tool: String, arguments: RawJSON?) -> [HTTPHint.Header] {
    HeaderParameter.headers(known.withLock { $0[tool] } ?? [], for: arguments)
  }

  /// What in the arguments of a call of `tool` cannot be repeated in a header; nil when all can.
  func problem(with arguments: RawJSON?, of tool: String) -> String? {
    HeaderParameter.problem(known.withLock { $0[tool] } ?? [], arguments)
  }

  /// Whether calls of `tool` have headers at all.
  func applies(to tool: String) -> Bool { known.withLock { $0[tool] != nil } }
}
