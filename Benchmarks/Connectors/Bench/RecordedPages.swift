import BenchmarkSupport
import Foundation
import JSON

/// Pages of records that vendors' answers were recorded with, read where they are kept. Recordings are short: their records are
/// repeated up to a full page, each with an id of its own.
struct RecordedPages: Sendable {
  struct Page: Sendable {
    var json: JSONValue
    var rows: Int
    var description: String
  }

  private let shared: URL

  init(_ shared: URL) { self.shared = shared }

  var githubDescription: URL { shared.appending(path: "github/openapi-v1.1.4-subset.json") }

  private func json(_ path: String) throws -> JSONValue {
    guard let data = try? Data(contentsOf: shared.appending(path: path)) else {
      throw BenchmarkError("there is no recorded page: \(shared.appending(path: path).path)")
    }
    return try JSONValue(
      parsing: String(decoding: data, as: UTF8.self), limits: JSONLimits(bytes: 64 << 20, depth: 256, values: 4_000_000, allowsDuplicateKeys: true))
  }

  /// Records over and over, `count` of them.
  private static func repeated(_ records: [JSONValue], _ path: String, _ count: Int, _ name: (inout JSONValue, Int) -> Void) throws -> [JSONValue] {
    guard !records.isEmpty else { throw BenchmarkError("\(path) holds no records") }
    return (0..<count).map { number in
      var record = records[number % records.count]
      name(&record, number)
      return record
    }
  }

  /// Slack's sample has one message, with everything that a message can have and without a word of text: the text is made here, its
  /// file stays with every tenth, and what only messages of assistants have is left out.
  func slack() throws -> Page {
    let path = "slack/samples/conversations.history.json"
    var page = try json(path)
    let messages = try Self.repeated(page["messages"]?.array ?? [], path, 200) { message, number in
      for member in ["root", "assistant_app_thread", "x_files", "inviter", "topic", "purpose", "bot_id", "bot_profile"] { message[member] = nil }
      if number % 10 != 0 { message["files"] = nil }
      message["type"] = "message"
      message["ts"] = .string("17959\(10_000 + number).000\(100 + number)")
      message["thread_ts"] = message["ts"]
      message["user"] = .string(SlackPeople.id(number))
      message["text"] = .string(
        "Number \(number): <@\(SlackPeople.id(number + 7))> has the figures &amp; the plan at <https://example.com/plans/\(number)|the plan>. Who looks at it before Friday?"
      )
    }
    page["ok"] = true
    page["error"] = nil
    page["messages"] = .array(messages)
    return Page(json: page, rows: messages.count, description: "Slack's sample message x 200, texts made here")
  }

  func github() throws -> Page {
    let path = "github/octokit-fixtures/paginate-issues.json"
    let recorded = try json(path).array?.flatMap { $0["response"]?.array ?? [] } ?? []
    let issues = try Self.repeated(recorded, path, 100) { issue, number in
      issue["number"] = .int(number + 1)
      issue["id"] = .int(1_000_000 + number)
    }
    return Page(json: .array(issues), rows: issues.count, description: "\(recorded.count) recorded issues, repeated to 100")
  }

  func jira() throws -> Page {
    let path = "jira/amp-labs/read-issues.json"
    let recorded = try json(path)["issues"]?.array ?? []
    let issues = try Self.repeated(recorded, path, 100) { issue, number in
      issue["id"] = .string(String(10_000 + number))
      issue["key"] = .string("AM-\(number + 1)")
    }
    return Page(json: ["issues": .array(issues), "isLast": true], rows: issues.count, description: "\(recorded.count) recorded issues, all fields, repeated to 100")
  }

  func salesforce() throws -> Page {
    let path = "salesforce/amp-labs/read-list-contacts.json"
    let recorded = try json(path)["records"]?.array ?? []
    let records = try Self.repeated(recorded, path, 200) { record, number in record["Id"] = .string("003ak00000\(10_000 + number)AAC") }
    return Page(
      json: ["totalSize": .int(records.count), "done": true, "records": .array(records)], rows: records.count,
      description: "\(recorded.count) recorded contacts, repeated to 200")
  }
}

/// The people who write Slack's messages.
enum SlackPeople {
  private static let count = 20

  static func id(_ number: Int) -> String { "U0PERSON\(10 + number % count)" }
}
