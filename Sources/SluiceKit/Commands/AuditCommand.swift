internal import ArgumentParser
internal import JSON
internal import Ledger
internal import NIOCore

struct AuditCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit", abstract: "Read, search, verify and prove the audit log.",
    subcommands: [Tail.self, Search.self, Show.self, Verify.self, Prove.self])

  struct LogOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: "The configuration file, which names the state directory.")
    var config = "sluice.yaml"
    @Option(help: "The log's directory, in place of the configuration's; a copy will do.")
    var log: String?

    func directory() throws -> String {
      try log ?? SluiceServer.auditDirectory(state: SluiceConfiguration(file: config).state)
    }

    func reader() throws -> LogReader { try LogReader(directory: directory()) }
  }

  struct Tail: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print the last leaves.")
    @OptionGroup var options: LogOptions
    @Option(name: .shortAndLong, help: "How many.")
    var number: UInt64 = 20
    @Flag(name: .shortAndLong, help: "Go on as leaves are written.")
    var follow = false
    @Flag(help: "Print the leaves as they are.")
    var json = false

    func run() async throws {
      let reader = try options.reader()
      let size = try reader.writtenSize()
      let start = size > number ? size - number : 0
      if follow {
        for try await leaf in reader.follow(from: start, every: .milliseconds(200)) { print(AuditLine.text(leaf, asJSON: json)) }
      } else {
        var leaves = reader.leaves(from: start)
        while let leaf = try leaves.next() { print(AuditLine.text(leaf, asJSON: json)) }
      }
    }
  }

  struct Search: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print the leaves that match all of the given conditions.")
    @OptionGroup var options: LogOptions
    @Option(help: "Who asked.")
    var user: String?
    @Option(help: "Which tool, prompt or resource; * stands for any text.")
    var name: String?
    @Option(help: "intent, outcome, access, refusal or definition.")
    var kind: String?
    @Option(help: "The exchange: its intent and outcome.")
    var exchange: String?
    @Option(help: "Not before this time: 2026-07-28 or 2026-07-28T12:00:00Z.")
    var since: String?
    @Option(help: "Before this time.")
    var until: String?
    @Option(help: "The leaf's text holds this.")
    var text: String?
    @Flag(help: "Print the leaves as they are.")
    var json = false

    func run() async throws {
      var leaves = try options.reader().leaves()
      while let leaf = try leaves.next() {
        guard let value = try? RawJSON(scanning: ByteBuffer(bytes: leaf.bytes)), matches(value) else { continue }
        print(AuditLine.text(leaf, asJSON: json))
      }
    }

    private func matches(_ value: RawJSON) -> Bool {
      if let user, value["who"]?["id"]?.string != user { return false }
      if let name, !AuditLine.matches(value["what"]?["name"]?.string ?? "", name) { return false }
      if let kind, value["kind"]?.string != kind { return false }
      if let exchange, value["exchange"]?.string != exchange { return false }
      let time = value["time"]?.string ?? ""
      if let since, time < since { return false }
      if let until, time >= until { return false }
      if let text, !value.text.contains(text) { return false }
      return true
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print one leaf whole, with its hash.")
    @OptionGroup var options: LogOptions
    @Argument(help: "The leaf's index.")
    var index: UInt64

    func run() async throws {
      let leaf = try options.reader().leaf(at: index)
      print("leaf \(leaf.index)  hash \(leaf.hash)  \(leaf.isSigned ? "under the signed checkpoint" : "not yet under a signed checkpoint")")
      print(try JSONValue(parsing: String(decoding: leaf.bytes, as: UTF8.self)).prettyText)
    }
  }

  struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Verify the whole log offline, from its files and the public key alone.",
      discussion:
        "Exits with 1 and names the first bad leaf if anything does not fit. Without --key the key beside the log is used, which shows that the log is whole, not whose it is."
    )
    @OptionGroup var options: LogOptions
    @Option(help: "The log's public key: name+hash+base64, as in the file key.pub.")
    var key: String?
    @Option(help: "A checkpoint saved earlier, as a file: the log must be a continuation of it.")
    var previous: String?
    @Flag(help: "Print one line of JSON.")
    var json = false

    func run() async throws {
      let reader = try options.reader()
      let verifierKey = try key.map { try VerifierKey(parsing: $0) } ?? reader.publicKeyBesideLog()
      let earlier: Checkpoint? = try previous.map { path in
        guard let text = FileText.read(path) else { throw ValidationError("the file \(path) cannot be read") }
        let checkpoint = try Checkpoint(parsing: Array(text.utf8))
        try checkpoint.verify(with: verifierKey)
        return checkpoint
      }
      let report = LogVerifier(directory: reader.directory, key: verifierKey, previous: earlier).verify()
      if json {
        var object: JSONValue = ["valid": .bool(report.isValid), "leaves": .int(report.leaves), "unsigned": .int(report.unsignedLeaves)]
        object["findings"] = .array(report.findings.map { .string("\($0)") })
        if let bad = report.firstBadLeaf { object["first_bad_leaf"] = .int(bad) }
        print(object.text)
      } else {
        for finding in report.findings { print("BAD  \(finding)") }
        if let bad = report.firstBadLeaf { print("first bad leaf: \(bad)") }
        print("\(report.isValid ? "ok" : "NOT VALID"): \(report.leaves) leaves under a checkpoint signed by \(verifierKey), \(report.unsignedLeaves) after it")
      }
      if !report.isValid { throw ExitCode(1) }
    }
  }

  struct Prove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print a proof that a leaf is in the log, in the C2SP tlog-proof form.",
      discussion: "Anyone with the leaf and the public key can check it, without the log.")
    @OptionGroup var options: LogOptions
    @Argument(help: "The leaf's index.")
    var index: UInt64

    func run() async throws { print(try options.reader().proof(index: index), terminator: "") }
  }
}

/// One line for one leaf.
enum AuditLine {
  static func text(_ leaf: Leaf, asJSON: Bool) -> String {
    let text = String(decoding: leaf.bytes, as: UTF8.self)
    // A leaf that is no JSON object was not written by a gateway; it is shown as a JSON string.
    let value = try? RawJSON(scanning: ByteBuffer(bytes: leaf.bytes))
    guard let value, value.kind == .object else { return JSONValue.string(text).text }
    if asJSON { return "{\"index\":\(leaf.index),\"leaf\":\(text)}" }
    var parts = ["\(leaf.index)", value["time"]?.string ?? "", value["kind"]?.string ?? ""]
    if let who = (value["who"]?["id"] ?? value["who"]?["address"])?.string { parts.append(who) }
    if let what = value["what"] { parts.append([what["method"]?.string, what["name"]?.string].compactMap { $0 }.joined(separator: " ")) }
    if let intent = value["intent"]?.int { parts.append("of \(intent)") }
    if let result = value["result"] { parts.append(result.string ?? "refused: \(result["refused"]?.string ?? "")") }
    if let reason = value["result"]?["reason"]?.string { parts.append(reason) }
    for question in value["questions"]?.elements.prefix(4).map({ $0 }) ?? [] {
      parts.append("asked \(question["method"]?.string ?? ""): \(question["answer"]?.string ?? "")")
    }
    if let bytes = value["answer"]?["bytes"]?.int { parts.append("\(bytes) bytes") }
    if let removed = value["screening"]?["rowsRemoved"]?.int { parts.append("\(removed) rows removed") }
    if let masked = value["screening"]?["masked"]?.int { parts.append("\(masked) masked") }
    if let why = value["why"]?.string { parts.append("because \"\(why)\"") }
    return printable(parts.joined(separator: "  "))
  }

  /// Without control characters: what callers wrote must not move the cursor or forge a line of the terminal that shows it.
  private static func printable(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.generalCategory == .control ? "\u{FFFD}" : $0 }))
  }

  /// Whether `text` fits a pattern in which `*` stands for any text.
  static func matches(_ text: String, _ pattern: String) -> Bool {
    let parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
    guard parts.count > 1 else { return text == pattern }
    var rest = Substring(text)
    for (index, part) in parts.enumerated() {
      if index == 0 {
        guard rest.hasPrefix(part) else { return false }
        rest = rest.dropFirst(part.count)
      } else if index == parts.count - 1 {
        return rest.hasSuffix(part)
      } else if !part.isEmpty {
        guard let found = rest.firstRange(of: part) else { return false }
        rest = rest[found.upperBound...]
      }
    }
    return true
  }
}

extension JSONValue {
  /// Indented by two spaces.
  var prettyText: String { pretty(indent: "") }

  private func pretty(indent: String) -> String {
    let inner = indent + "  "
    switch self {
    case .array(let elements) where !elements.isEmpty:
      return "[\n" + elements.map { inner + $0.pretty(indent: inner) }.joined(separator: ",\n") + "\n\(indent)]"
    case .object(let object) where !object.isEmpty:
      return "{\n" + object.map { "\(inner)\(JSONValue.string($0.name).text): \($0.value.pretty(indent: inner))" }.joined(separator: ",\n") + "\n\(indent)}"
    default: return text
    }
  }
}
