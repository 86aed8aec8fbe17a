import ConnectorTesting
import Foundation
import JSON
import Testing

@testable import SluiceKit

/// `Examples/conversations`, replayed without a model: gateway, policy and audit are real, vendors are doubles.
@Suite("Conversations", .timeLimit(.minutes(2)))
struct ConversationTests {
  @Test(
    "Each answers its question, withholds what policy withholds, refuses what it refuses, and leaves a trail",
    arguments: ["summarize-slack-channel", "sprint-blockers", "review-pull-request"])
  func replay(_ name: String) async throws {
    let file = ProjectFiles.root.appending(path: "Examples/conversations/\(name).json")
    let script = try JSONValue(parsing: String(contentsOf: file, encoding: .utf8))
    let vendor = try await VendorDouble()
    for rule in script["vendor"]?.array ?? [] {
      vendor.always(try #require(rule["method"]?.string), try #require(rule["path"]?.string), .json(try #require(rule["answer"])))
    }
    let secrets = try TestSecrets()
    let reference = try secrets.reference("token", "vendor-token-0123456789")
    let upstreams = try #require(script["upstreams"]).text.replacing("{vendor}", with: vendor.url).replacing("{secret}", with: reference)
    var configuration = TestConfiguration()
    configuration.policies = try #require(script["policy"]?.string)
    configuration.upstreams = try #require(try JSONValue(parsing: upstreams).object)
    let steps = try #require(script["steps"]?.array)
    try await withGateway(configuration) { gateway in
      let ada = try await gateway.client("ada")
      for step in steps {
        let tool = try #require(step["call"]?.string)
        let sent = vendor.requests.count
        let reply = try await ada.call(tool, step["arguments"] ?? [:])
        #expect(!reply.text.contains("vendor-token"))
        guard step["refused"]?.bool != true else {
          #expect(reply.error != nil || reply.isToolError, "\(tool): \(reply.text)")
          #expect(vendor.requests.count == sent, "\(tool) reached the vendor")
          continue
        }
        #expect(reply.error == nil && !reply.isToolError, "\(tool): \(reply.text)")
        for text in step["answers"]?.array?.compactMap(\.string) ?? [] { #expect(reply.text.contains(text), "\(tool) lacks \"\(text)\": \(reply.text)") }
        for text in step["withholds"]?.array?.compactMap(\.string) ?? [] { #expect(!reply.text.contains(text), "\(tool) shows \"\(text)\"") }
      }
      #expect(vendor.unscripted.isEmpty, "\(vendor.unscripted)")
      let leaves = try gateway.leaves()
      for step in steps {
        let tool = step["call"] ?? .null
        #expect(leaves.of(step["refused"] == true ? "refusal" : "intent").contains { $0["what"]?["name"] == tool }, "\(tool.text) left no leaf")
      }
      #expect(leaves.of("outcome").count == leaves.of("intent").count)
    }
  }
}
