import ConnectorTesting
import Demo
import Foundation
import JSON
import Testing

@testable import SluiceKit

/// `Examples/conversations`, replayed without a model: gateway, audit and the demo's policy are real, vendors are doubles.
@Suite("Conversations", .timeLimit(.minutes(2)))
struct ConversationTests {
  @Test(
    "Each begins with the connector's prompt, answers its question, withholds what policy withholds, refuses what it refuses, and leaves a trail",
    arguments: ["summarize-slack-channel", "sprint-blockers", "review-pull-request", "renewal-risks", "customer-feedback"])
  func replay(_ name: String) async throws {
    let conversation = try Conversation(name)
    let vendor = try await VendorDouble()
    try conversation.prepare(vendor)
    let secrets = try TestSecrets()
    let configuration = try conversation.configuration(vendor, secret: secrets.reference("token", "vendor-token-0123456789"))
    #expect(conversation.steps.first?.act == .prompt)
    try await withGateway(configuration) { gateway in
      let client = try await gateway.client(conversation.user)
      for step in conversation.steps {
        let sent = vendor.requests.count
        let reply = try await step.ask(client)
        let asked = vendor.requests.dropFirst(sent)
        #expect(!reply.text.contains("vendor-token"))
        let failed = reply.error != nil || reply.isToolError
        switch step.kind {
        case .answered: #expect(!failed, "\(step.name): \(reply.text)")
        case .hidden:
          #expect(failed, "\(step.name): \(reply.text)")
          #expect(asked.allSatisfy { $0.method == "GET" }, "\(step.name) changed something")
        case .refused:
          #expect(failed, "\(step.name): \(reply.text)")
          #expect(asked.isEmpty, "\(step.name) reached the vendor")
        }
        for text in step.texts("asks") { #expect(asked.contains { Conversation.words(of: $0).contains(text) }, "\(step.name) does not ask \"\(text)\"") }
        for text in step.texts("answers") { #expect(reply.text.contains(text), "\(step.name) lacks \"\(text)\": \(reply.text)") }
        for text in step.texts("withholds") { #expect(!reply.text.contains(text), "\(step.name) shows \"\(text)\": \(reply.text)") }
      }
      #expect(vendor.unscripted.isEmpty, "\(vendor.unscripted)")
      let leaves = try gateway.leaves()
      for kind in Conversation.Step.Kind.allCases {
        let names = conversation.steps.filter { $0.kind == kind }.map(\.name)
        for name in Set(names) {
          let found = leaves.of(kind == .refused ? "refusal" : "intent").count { $0["what"]?["name"]?.string == name }
          let expected = conversation.steps.count { $0.name == name && ($0.kind == .refused) == (kind == .refused) }
          #expect(found == expected, "\(name): \(found) leaves of \(expected) steps")
        }
      }
      #expect(leaves.of("outcome").count == leaves.of("intent").count)
    }
  }
}

/// One file of `Examples/conversations`; its README says what the members mean.
private struct Conversation: Sendable {
  struct Step: Sendable {
    enum Kind: CaseIterable { case answered, hidden, refused }

    /// What a client asks of a server.
    enum Act: String, CaseIterable { case call, prompt, read }

    let json: JSONValue
    let act: Act
    /// Of the tool or prompt, with its prefix, or the resource's URI.
    let name: String

    init(_ json: JSONValue) throws {
      self.json = json
      act = try #require(Act.allCases.first { json[$0.rawValue] != nil }, "a step is a call, a prompt or a read: \(json.text)")
      name = try #require(json[act.rawValue]?.string)
    }

    func ask(_ client: MCPClient) async throws -> Reply {
      let arguments = json["arguments"] ?? [:]
      return switch act {
      case .call: try await client.call(name, arguments)
      case .prompt: try await client.modern("prompts/get", ["name": .string(name), "arguments": arguments])
      case .read: try await client.modern("resources/read", ["uri": .string(name)])
      }
    }

    var kind: Kind { json["refused"] == true ? .refused : json["hidden"] == true ? .hidden : .answered }
    func texts(_ member: String) -> [String] { json[member]?.array?.compactMap(\.string) ?? [] }
  }

  private let script: JSONValue
  let steps: [Step]

  init(_ name: String) throws {
    script = try JSONValue(parsing: String(contentsOf: ProjectFiles.root.appending(path: "Examples/conversations/\(name).json"), encoding: .utf8))
    steps = try (script["steps"]?.array ?? []).map { try Step($0) }
  }

  var user: String { script["user"]?.string ?? "ada" }

  func configuration(_ vendor: VendorDouble, secret: String) throws -> TestConfiguration {
    var configuration = TestConfiguration()
    configuration.policies = try DemoPolicy.text + "\n" + #require(script["policy"]?.string)
    for person in DemoPeople.all {
      configuration.users[person.id] = [
        "roles": .array(person.roles.map { .string($0) }), "groups": .array(person.groups.map { .string($0) }), "attributes": .object(person.attributes),
      ]
    }
    let upstreams = try #require(script["upstreams"]).text.replacing("{vendor}", with: vendor.url).replacing("{secret}", with: secret)
    configuration.upstreams = try #require(try JSONValue(parsing: upstreams).object)
    return configuration
  }

  /// Of the answers for one method and path the first counts whose `when` stands in the request.
  func prepare(_ vendor: VendorDouble) throws {
    let rules = try JSONValue(parsing: (script["vendor"] ?? []).text.replacing("{vendor}", with: vendor.url)).array ?? []
    var places: [String: [JSONValue]] = [:]
    for rule in rules { places[try #require(rule["method"]?.string) + " " + #require(rule["path"]?.string), default: []].append(rule) }
    for (place, rules) in places {
      let parts = place.split(separator: " ").map(String.init)
      vendor.always(parts[0], parts[1]) { request in
        let words = Self.words(of: request)
        guard let rule = rules.first(where: { $0["when"]?.string.map { words.contains($0) } ?? true }) else {
          return .json(["message": .string("the script has no answer to \(words)")], status: 404)
        }
        if let text = rule["text"]?.string { return .text(text, type: rule["type"]?.string ?? "text/plain") }
        guard let answer = rule["answer"] else { return .status(rule["status"]?.int ?? 204) }
        return .json(answer, status: rule["status"]?.int ?? 200)
      }
    }
  }

  /// What a request says: its query and its body.
  static func words(of request: CapturedRequest) -> String { (request.query.map { "\($0.name)=\($0.value)" } + [request.text]).joined(separator: "\n") }
}
