internal import ConnectorKit
internal import JSON
internal import MCP

/// Search over messages and files. Slack has two: `assistant.search.context` for newer apps, and `search.*`, which take a user's token.
struct SearchTools: Sendable {
  let slack: SlackContext

  var tools: [Tool] { [searchMessages, searchFiles] }

  private var searchMessages: Tool {
    let shape = SlackMessage.shape
    return slack.tool(
      "search_messages", "Search messages", "Finds messages, the best matches first, or the newest with sort=timestamp.",
      SearchQuery.ofMessages + [shape.fields] + Field.page(limit: 20, most: 20), output: shape.limitedSchema, meta: shape.listMeta
    ) { call, subject throws(VendorError) in
      let query = try await SearchQuery(call, shape.rule(call), slack, as: subject).text
      let (sort, limit) = (call.string("sort") ?? "score", call.int("limit") ?? 20)
      let place = PageCursor(list: ["search_messages", query, sort])
      let cursor = try call.string("cursor").map { text throws(VendorError) in try place.vendor(text) }
      let result: ToolResult
      if cursor?.hasPrefix("page ") == true {
        result = try await older(call, query, sort, limit, cursor, place, shape, subject)
      } else {
        do throws(VendorError) {
          result = try await contextual(call, query, sort, limit, cursor, place, shape, subject)
        } catch {
          // Apps that may not use it have the older search.
          guard cursor == nil, error.code == .forbidden || error.code == .invalid else { throw error }
          result = try await older(call, query, sort, limit, nil, place, shape, subject)
        }
      }
      return slack.searched(result, as: subject)
    }
  }

  private func contextual(
    _ call: ToolCall, _ query: String, _ sort: String, _ limit: Int, _ cursor: String?, _ place: PageCursor, _ shape: RecordShape, _ subject: Subject
  ) async throws(VendorError) -> ToolResult {
    var arguments: JSONObject = [
      "query": .string(query), "content_types": ["messages"], "channel_types": ["public_channel", "private_channel", "mpim", "im"], "limit": .int(limit),
      "sort": .string(sort),
    ]
    if let cursor { arguments["cursor"] = .string(cursor) }
    let json = try await slack.api.post("assistant.search.context", arguments, as: subject, isRead: true)
    let rows = try await admitted(SlackContext.elements(json["results"], "messages"), shape.rule(call), subject)
    return shape.result(rows, for: call, selection: shape.selection(call), next: SlackContext.next(json, place))
  }

  private func older(
    _ call: ToolCall, _ query: String, _ sort: String, _ limit: Int, _ cursor: String?, _ place: PageCursor, _ shape: RecordShape, _ subject: Subject
  ) async throws(VendorError) -> ToolResult {
    let page = cursor.flatMap { Int($0.dropFirst(5)) } ?? 1
    let json = try await slack.api.get(
      "search.messages", [("query", query), ("sort", sort), ("count", String(limit)), ("page", String(page)), ("highlight", "false")], as: subject)
    let rows = try await admitted(SlackContext.elements(json["messages"], "matches"), shape.rule(call), subject)
    let pages = json["messages"]?["paging"]?["pages"]?.int ?? page
    return shape.result(
      rows, for: call, selection: shape.selection(call), next: page < pages ? place.text("page \(page + 1)") : nil,
      total: slack.channels.admitsAll ? json["messages"]?["total"]?.int : nil)
  }

  /// What was found, without channels that the settings keep out, and with what a rule has to look at.
  private func admitted(_ found: [RawJSON], _ rule: RecordRule, _ subject: Subject) async throws(VendorError) -> [JSONValue] {
    var rows = await slack.records(found, in: nil, as: subject)
    // The newer search tells no visibility, and either may leave out the name.
    let unknown = rows.filter { !slack.categories.isEmpty || $0["visibility"] == nil || $0["channel_name"] == nil }.compactMap { $0["channel"]?.string }
    let known = await slack.channels(unknown, as: subject)
    for index in rows.indices {
      var row = rows[index].object ?? JSONObject()
      if let channel = row["channel"]?.string.flatMap({ known[$0] }) {
        // What the search itself says of the place is the newer.
        for (name, value) in SlackContext.place(of: channel) where name != "visibility" || row[name] == nil { row[name] = value }
      } else if !slack.categories.isEmpty {
        RecordCategory.describe(&row, nil)
      }
      rows[index] = .object(row)
    }
    if !slack.channels.admitsAll {
      rows = rows.filter { row in
        // What does not tell where it is from is left out.
        guard let id = row["channel"]?.string, !id.isEmpty, let name = row["channel_name"]?.string else { return false }
        return slack.channels.admits(id, name)
      }
    }
    return try await slack.whole(rows, for: rule, as: subject)
  }

  private var searchFiles: Tool {
    let shape = SlackFile.shape
    return slack.tool(
      "search_files", "Search files", "Finds files by name and content, the best matches first.", SearchQuery.ofFiles + [shape.fields] + Field.page(limit: 20, most: 100),
      output: shape.limitedSchema, meta: shape.listMeta
    ) { call, subject throws(VendorError) in
      let query = try await SearchQuery(call, shape.rule(call), slack, as: subject).text
      let limit = call.int("limit") ?? 20
      let place = PageCursor(list: ["search_files", query, call.string("sort") ?? ""])
      let cursor = try call.string("cursor").map { text throws(VendorError) in try place.vendor(text) }
      if cursor?.hasPrefix("page ") == true { return try await olderFiles(call, query, limit, cursor, place, subject) }
      do throws(VendorError) {
        return try await contextualFiles(call, query, limit, cursor, place, subject)
      } catch {
        // As with messages.
        guard cursor == nil, error.code == .forbidden || error.code == .invalid else { throw error }
        return try await olderFiles(call, query, limit, nil, place, subject)
      }
    }
  }

  private func contextualFiles(
    _ call: ToolCall, _ query: String, _ limit: Int, _ cursor: String?, _ place: PageCursor, _ subject: Subject
  ) async throws(VendorError) -> ToolResult {
    var arguments: JSONObject = [
      "query": .string(query), "content_types": ["files"], "channel_types": ["public_channel", "private_channel", "mpim", "im"], "limit": .int(min(limit, 20)),
    ]
    if let sort = call.string("sort") { arguments["sort"] = .string(sort) }
    if let cursor { arguments["cursor"] = .string(cursor) }
    let json = try await slack.api.post("assistant.search.context", arguments, as: subject, isRead: true)
    let rule = SlackFile.shape.rule(call)
    var files = SlackContext.elements(json["results"], "files").compactMap { SlackFile(match: $0) }
    if !slack.categories.isEmpty { files = files.map { $0.described(nil) } }
    // This search does not tell where a file is: what settings or a rule have to look at is asked for.
    if !slack.channels.admitsAll {
      var admitted: [SlackFile] = []
      for file in rule.admitsNone ? [] : files {
        do throws(VendorError) { admitted.append(try await slack.file(file.id, as: subject)) } catch {
          guard error.code == .notFound || error.code == .forbidden else { throw error }
        }
      }
      files = admitted
    }
    return try await result(files, call, next: SlackContext.next(json, place), total: nil, subject)
  }

  private func olderFiles(
    _ call: ToolCall, _ query: String, _ limit: Int, _ cursor: String?, _ place: PageCursor, _ subject: Subject
  ) async throws(VendorError) -> ToolResult {
    let page = cursor.flatMap { Int($0.dropFirst(5)) } ?? 1
    let json = try await slack.api.get(
      "search.files", [("query", query), ("sort", call.string("sort")), ("count", String(limit)), ("page", String(page))], as: subject)
    let files = await slack.admitted(SlackContext.elements(json["files"], "matches").compactMap { SlackFile($0) }, as: subject)
    let pages = json["files"]?["paging"]?["pages"]?.int ?? page
    return try await result(
      files, call, next: page < pages ? place.text("page \(page + 1)") : nil, total: slack.channels.admitsAll ? json["files"]?["total"]?.int : nil, subject)
  }

  private func result(_ files: [SlackFile], _ call: ToolCall, next: String?, total: Int?, _ subject: Subject) async throws(VendorError) -> ToolResult {
    let shape = SlackFile.shape
    let rule = shape.rule(call)
    let whole = rule.admitsNone ? [] : try await slack.whole(files, for: rule, as: subject)
    return slack.searched(shape.result(whole.map(\.json), for: call, selection: shape.selection(call), next: next, total: total), as: subject)
  }
}
