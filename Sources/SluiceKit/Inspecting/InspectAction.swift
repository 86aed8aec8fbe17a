internal import JSON
internal import MCP

/// One thing to do with a server, in the same words on the command line and at the prompt.
enum InspectAction {
  enum List: String, CaseIterable { case tools, resources, templates, prompts }

  case info
  case list([List])
  case describe(tool: String)
  case call(tool: String, JSONValue)
  case read(uri: String)
  case prompt(name: String, [String: String])
  case complete(CompletionTarget, value: String)
  /// Without resources: the three lists.
  case subscribe([String])
  case logLevel(LogLevel)
  case ping
  case request(Method, JSONObject)

  struct UsageError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
  }

  static let help = """
    info                                   what the server says of itself
    list [tools|resources|templates|prompts]
    describe TOOL                          a tool with its schemas
    call TOOL [JSON | NAME=VALUE ...]      call a tool
    read URI                               read a resource
    prompt NAME [JSON | NAME=VALUE ...]    get a prompt
    complete prompt NAME ARGUMENT [TEXT]   suggestions for an argument
    complete template URI ARGUMENT [TEXT]  the same for a resource template
    subscribe [URI ...]                    tell of changes; without URI of the lists
    log LEVEL                              show log messages from this level on
    ping                                   find out whether the server answers
    request METHOD [JSON]                  any request of the protocol
    """

  /// - Throws: what is wrong, and what would be right.
  init(_ words: [String]) throws(UsageError) {
    let rest = Array(words.dropFirst())
    func one(_ usage: String) throws(UsageError) -> String {
      guard rest.count == 1 else { throw UsageError("usage: \(usage)") }
      return rest[0]
    }
    switch words.first {
    case "info": self = .info
    case "list":
      var lists: [List] = []
      for name in rest {
        guard let list = List(rawValue: name) else { throw UsageError("there are no \(name) to list: \(List.allCases.map(\.rawValue).joined(separator: ", "))") }
        lists.append(list)
      }
      self = .list(lists.isEmpty ? List.allCases : lists)
    case "describe": self = .describe(tool: try one("describe TOOL"))
    case "call":
      guard let tool = rest.first else { throw UsageError("usage: call TOOL [JSON | NAME=VALUE ...]") }
      self = .call(tool: tool, .object(try Self.arguments(rest.dropFirst())))
    case "read": self = .read(uri: try one("read URI"))
    case "prompt":
      guard let name = rest.first else { throw UsageError("usage: prompt NAME [JSON | NAME=VALUE ...]") }
      var arguments: [String: String] = [:]
      // The arguments of prompts are strings, whatever they look like.
      for (name, value) in try Self.arguments(rest.dropFirst(), readsValues: false) { arguments[name] = value.string ?? value.text }
      self = .prompt(name: name, arguments)
    case "complete":
      guard (3...4).contains(rest.count), ["prompt", "template"].contains(rest[0]) else {
        throw UsageError("usage: complete prompt NAME ARGUMENT [TEXT], or complete template URI ARGUMENT [TEXT]")
      }
      let target: CompletionTarget = rest[0] == "prompt" ? .prompt(rest[1], argument: rest[2]) : .resourceTemplate(rest[1], argument: rest[2])
      self = .complete(target, value: rest.count == 4 ? rest[3] : "")
    case "subscribe": self = .subscribe(rest)
    case "log":
      guard let level = LogLevel(rawValue: try one("log LEVEL")) else {
        throw UsageError("there is no such level: \(LogLevel.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      self = .logLevel(level)
    case "ping": self = .ping
    case "request":
      guard let name = rest.first, let method = Method(rawValue: name) else {
        throw UsageError("usage: request METHOD [JSON], with a method of the protocol such as tools/list")
      }
      self = .request(method, try Self.arguments(rest.dropFirst()))
    case let word: throw UsageError("\(word.map { "\"\($0)\" is not known" } ?? "nothing to do"). What there is:\n\(Self.help)")
    }
  }

  /// One JSON object, or members as NAME=VALUE.
  ///
  /// - Parameter readsValues: whether a value that is JSON is what that JSON says; else all are strings.
  private static func arguments(_ words: ArraySlice<String>, readsValues: Bool = true) throws(UsageError) -> JSONObject {
    guard let first = words.first else { return JSONObject() }
    if words.count == 1, first.first == "{" {
      do throws(JSONError) {
        if let object = try JSONValue(parsing: first).object { return object }
      } catch { throw UsageError("the arguments are no valid JSON: \(error)") }
    }
    var object = JSONObject()
    for word in words {
      guard let equals = word.firstIndex(of: "="), equals != word.startIndex else {
        throw UsageError("\"\(word)\" is neither a JSON object nor NAME=VALUE")
      }
      let value = String(word[word.index(after: equals)...])
      object[String(word[..<equals])] = readsValues ? (try? JSONValue(parsing: value)) ?? .string(value) : .string(value)
    }
    return object
  }
}
