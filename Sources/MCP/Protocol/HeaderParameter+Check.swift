public import JSON

extension HeaderParameter {
  /// Compares the `Mcp-Param-*` headers of a request with its arguments (2026-07-28, streamable-http, "Server Behavior for Custom Headers").
  ///
  /// - Parameter header: looks up a header.
  /// - Throws: ``RPCError`` `-32020` when one is missing, malformed, different, there for an argument that is not, or
  ///   for a number that no header can repeat exactly.
  public static func check(_ parameters: [HeaderParameter], _ arguments: RawJSON?, header: (String) -> String?) throws(RPCError) {
    if let problem = problem(parameters, arguments) { throw RPCError(.headerMismatch, "Header mismatch: \(problem)") }
    for parameter in parameters {
      var value = arguments
      for name in parameter.path { value = value?[name] }
      switch (value.flatMap { $0.isNull ? nil : $0 }, header(parameter.header)) {
      case (nil, nil): continue
      case (let value?, let sent?): if let text = HeaderValue.decode(sent), isSame(value, text) { continue }
      default: break
      }
      throw RPCError(
        .headerMismatch, "Header mismatch: \(parameter.header) must repeat the argument \(parameter.path.joined(separator: "."))")
    }
  }

  /// Numbers are compared by value ("Server Validation"), where both are numbers of JSON.
  private static func isSame(_ value: RawJSON, _ header: String) -> Bool {
    switch value.kind {
    case .string: value.string.map { $0.utf8.elementsEqual(header.utf8) } ?? false
    case .number: value.double.map { (try? RawJSON(header))?.double == $0 } ?? false
    default: value.text == header
    }
  }
}
