import JSON
import MCP
import MCPHTTP
import NIOCore

extension FuzzTarget {
  /// What clients repeat in headers: any text as the value of one, and `{"schema": ..., "arguments": ...}` as the arguments of a tool.
  public static let headers = FuzzTarget(
    "headers",
    dictionary: [
      "=?base64?", "?=", "=?base64??=", "=?BASE64?", "=?base64?SMOpbGxv?=", "=", "==", "AAAA", "AA==", "AB==", "+/", "-_", " ", "\t", "\r\n", "\0", "\u{7F}", "é",
      "\u{1F600}", "{\"schema\":", ",\"arguments\":", "{\"type\":\"object\",\"properties\":{", "\"properties\":{\"b\":", "\"a\":", "\"type\":\"string\"",
      "\"type\":[\"integer\",\"null\"]", "\"type\":\"boolean\"", "\"x-mcp-header\":\"A\"", "\"x-mcp-header\":\"a\"", "\"x-mcp-\\u0068eader\":\"B\"", "\"items\":", "42",
      "4.2e1", "-0", "1e400", "9007199254740991", "9007199254740992", "true", "null", "\"\"", "\" x \"", "\"\\u00e9\"", "[]", "{}", "{", "}", ",", "\"",
    ]
  ) { bytes throws(Finding) in
    let text = String(decoding: bytes, as: UTF8.self)
    try checkValue(of: text)
    if let decoded = HeaderValue.decode(text) { try checkDecoded(decoded, from: text) }
    guard let input = try? RawJSON(scanning: ByteBuffer(bytes: bytes)), let schema = input["schema"] else { return }
    try checkParameters(of: schema, input["arguments"])
  }

  /// A text becomes a legal field value, which arrives and stands for that text.
  private static func checkValue(of text: String) throws(Finding) {
    let value = HeaderValue.encode(text)
    try checkArrival("Mcp-Name", value)
    try require(HeaderValue.decode(value).map { Array($0.utf8) } == Array(text.utf8), "\(text.debugDescription) does not come back from \(value)")
  }

  /// What a value stands for can be encoded again; there is one way to write it in Base64.
  private static func checkDecoded(_ text: String, from value: String) throws(Finding) {
    try checkValue(of: text)
    let isEncoded = value.hasPrefix("=?base64?") && value.hasSuffix("?=") && value.utf8.count >= 11
    let canonical = isEncoded ? "=?base64?" + Base64.encode(text.utf8) + "?=" : text
    try require(canonical.utf8.elementsEqual(value.utf8), "\(value) is read as \(text.debugDescription), which is written \(canonical)")
  }

  /// Arguments agree with the headers made of them, and with no others.
  private static func checkParameters(of schema: RawJSON, _ arguments: RawJSON?) throws(Finding) {
    let found = declared(in: schema)
    try require(found == declared(in: JSONValue(schema).raw), "the headers of a schema depend on how it is written: \(schema.text)")
    guard let parameters = try? found.get(), !parameters.isEmpty else { return }
    var sent: [String: String] = [:]
    for header in HeaderParameter.headers(parameters, for: arguments) {
      try checkArrival(header.name, header.value)
      sent[header.name] = header.value
    }
    let isPossible = HeaderParameter.problem(parameters, arguments) == nil && !parameters.contains { $0.isContainer(in: arguments) }
    try require(accepts(parameters, arguments, sent) == isPossible, "the headers \(sent) are \(isPossible ? "refused" : "accepted")")
    guard isPossible else { return }
    for (name, value) in sent {
      var others = sent
      others[name] = nil
      try require(!accepts(parameters, arguments, others), "nobody misses \(name)")
      others[name] = HeaderValue.encode((HeaderValue.decode(value) ?? "") + "?")
      try require(!accepts(parameters, arguments, others), "\(others) pass for \(sent)")
    }
    for parameter in parameters where sent[parameter.header] == nil {
      var others = sent
      others[parameter.header] = "x"
      try require(!accepts(parameters, arguments, others), "\(parameter.header) may say anything of an argument that is not there")
    }
  }

  private static func declared(in schema: RawJSON) -> Result<[HeaderParameter], HeaderParameter.Invalid> {
    do throws(HeaderParameter.Invalid) { return .success(try HeaderParameter.all(in: schema)) } catch { return .failure(error) }
  }

  private static func accepts(_ parameters: [HeaderParameter], _ arguments: RawJSON?, _ sent: [String: String]) -> Bool {
    do throws(RPCError) {
      try HeaderParameter.check(parameters, arguments, header: { sent[$0] })
      return true
    } catch { return false }
  }

  /// A server reads of a field what was put there.
  private static func checkArrival(_ name: String, _ value: String) throws(Finding) {
    try require(value.utf8.allSatisfy { (0x20...0x7E).contains($0) || $0 == 0x09 }, "\(value.debugDescription) is no value of a header")
    var parser = HTTPRequestParser(maxHeaderBytes: 1 << 16, maxBodyBytes: 0)
    parser.append(ByteBuffer(string: "GET / HTTP/1.1\r\nHost: h\r\n\(name): \(value)\r\n\r\n"))
    guard let step = try? parser.next(), case .request(let message) = step else { throw Finding("\(name): \(value) is no field") }
    try require(message.headers[name] == value, "\(name): \(value) arrives as \(message.headers[name] ?? "nothing")")
  }
}

extension HeaderParameter {
  /// Whether its argument is of a kind that no header repeats.
  fileprivate func isContainer(in arguments: RawJSON?) -> Bool {
    var value = arguments
    for name in path { value = value?[name] }
    return value?.kind == .array || value?.kind == .object
  }
}
