internal import ConnectorKit
internal import JSON
internal import MCP

/// What policy says of channels, messages and files, where a gateway sends it. Where it limits nothing, nothing more is asked of Slack.
extension SlackContext {
  static func noChannel(_ text: String) -> VendorError {
    VendorError(.notFound, "There is no channel \(text.prefix(80)), or it may not be seen. list_channels tells which there are.")
  }
  static let noMessage = VendorError(.notFound, "There is no such message, or it may not be seen.")
  static let noFile = VendorError(.notFound, "There is no such file, or it may not be seen.")
  static let noWorkspace = VendorError(.notFound, "This workspace is not the one that is asked here. get_workspace tells which is.")
  static let noPerson = VendorError(.notFound, "There is no such person, or they may not be seen.")

  // MARK: People

  /// A person by e-mail address, id, handle or name, if policy lets them be seen.
  func person(_ text: String, for rule: RecordRule, as subject: Subject) async throws(VendorError) -> SlackUser {
    if text.contains("@"), !text.hasPrefix("@") {
      let found = try await api.get("users.lookupByEmail", [("email", text)], as: subject)["user"].flatMap { SlackUser($0) }
      return try permitted([found].compactMap { $0 }, rule)
    }
    if SlackDirectory.isID(text, "UWB") {
      let found = try await api.get("users.info", [("user", text)], as: subject)["user"].flatMap { SlackUser($0) }
      return try permitted([found].compactMap { $0 }, rule)
    }
    let name = (text.hasPrefix("@") ? String(text.dropFirst()) : text).lowercased()
    for age in SlackDirectory.ages {
      let people = try await directory.roster(as: subject, age: age).people.filter { rule.admits($0.json) }
      // A handle is one person's; names may be those of several.
      for member in ["name", "display_name", "real_name"] {
        let found = people.filter { $0.json[member]?.string?.lowercased() == name }
        if !found.isEmpty { return try permitted(found, rule) }
      }
    }
    throw Self.noPerson
  }

  private func permitted(_ people: [SlackUser], _ rule: RecordRule) throws(VendorError) -> SlackUser {
    guard let person = people.first, rule.admits(person.json) else { throw Self.noPerson }
    guard people.count == 1 else { throw VendorError(.invalid, "\(people.count) people have this name. Give the handle, the e-mail address or the id.") }
    return person
  }

  // MARK: Channels

  /// The channel of a call that settings let be reached, as it is now where a rule looks at it.
  func channel(_ call: ToolCall, for rule: RecordRule, as subject: Subject) async throws(VendorError) -> SlackChannel {
    let text = call.string("channel") ?? ""
    do throws(VendorError) { return try await channel(text, isFresh: rule.limits, as: subject) } catch {
      // What is not there looks like what may not be seen.
      throw error.code == .notFound && rule.limits ? Self.noChannel(text) : error
    }
  }

  /// The channel of a call that is itself what policy speaks of.
  func permitted(_ call: ToolCall, as subject: Subject) async throws(VendorError) -> SlackChannel {
    let rule = SlackChannel.shape.rule(call)
    let channel = try await channel(call, for: rule, as: subject)
    guard rule.admits(channel.json) else { throw Self.noChannel(call.string("channel") ?? "") }
    return channel
  }

  /// Channels whole, as far as a rule needs that: some of Slack's lists say less of them.
  func whole(_ channels: [SlackChannel], for rule: RecordRule, as subject: Subject) async throws(VendorError) -> [SlackChannel] {
    let needed = rule.members.intersection(["members", "is_member"])
    let looksAtCategory = rule.members.contains(RecordCategory.member)
    var whole: [SlackChannel] = []
    for channel in channels {
      guard needed.contains(where: { channel.json[$0] == nil }) || (looksAtCategory && channel.categories == nil) else {
        whole.append(channel)
        continue
      }
      do throws(VendorError) { whole.append(try await directory.current(channel.id, as: subject)) } catch {
        guard error.code == .notFound || error.code == .forbidden else { throw error }
      }
    }
    return whole
  }

  // MARK: Messages

  /// Sees that policy lets the caller see a message, before something of it is changed.
  func permit(message ts: String, in channel: SlackChannel, _ call: ToolCall, as subject: Subject) async throws(VendorError) {
    let rule = SlackMessage.shape.rule(call)
    guard rule.limits else { return }
    guard !rule.admitsNone, let record = try await message(ts, in: channel, as: subject), rule.admits(record) else { throw Self.noMessage }
  }

  /// One message whole; nil if there is none.
  func message(_ ts: String, in channel: SlackChannel, as subject: Subject) async throws(VendorError) -> JSONValue? {
    do throws(VendorError) {
      // Replies are found by their own ts as well; a history holds none.
      let json = try await api.get(
        "conversations.replies",
        [("channel", channel.id), ("ts", ts), ("oldest", ts), ("latest", ts), ("inclusive", "true"), ("limit", "10")], as: subject)
      return await records(Self.elements(json, "messages").filter { $0["ts"]?.string == ts }, in: channel, as: subject).first
    } catch {
      guard error.code == .notFound else { throw error }
      return nil
    }
  }

  /// Messages whole, as far as a rule needs that: searches say less of them. What is not found is left out.
  func whole(_ rows: [JSONValue], for rule: RecordRule, as subject: Subject) async throws(VendorError) -> [JSONValue] {
    guard rule.limits, !rule.admitsNone else { return rows }
    var whole: [JSONValue] = []
    for row in rows {
      // A record without a category is of none.
      guard rule.members.contains("text") || rule.members.subtracting(RecordCategory.always).contains(where: { row[$0] == nil }) else {
        whole.append(row)
        continue
      }
      guard let id = row["channel"]?.string, let ts = row["ts"]?.string else { continue }
      do throws(VendorError) {
        if let message = try await message(ts, in: try await directory.channel(id, as: subject), as: subject) { whole.append(message) }
      } catch {
        guard error.code == .notFound || error.code == .forbidden else { throw error }
      }
    }
    return whole
  }

  // MARK: Files

  /// A file that settings and policy let be reached.
  func file(_ id: String, for request: some IncomingRequest, as subject: Subject) async throws(VendorError) -> SlackFile {
    let rule = SlackFile.shape.rule(request)
    let file: SlackFile
    do throws(VendorError) { file = try await self.file(id, as: subject) } catch { throw error.code == .notFound && rule.limits ? Self.noFile : error }
    guard rule.admits(file.json) else { throw Self.noFile }
    return file
  }

  /// Files whole, as far as a rule needs that.
  func whole(_ files: [SlackFile], for rule: RecordRule, as subject: Subject) async throws(VendorError) -> [SlackFile] {
    // The content is no part of what is known of a file.
    let needed = rule.members.subtracting(["text", "is_hidden"] + RecordCategory.always)
    let looksAtCategory = rule.members.contains(RecordCategory.member)
    var whole: [SlackFile] = []
    for file in files {
      let isUnknown = file.json[RecordCategory.member]?.string == RecordCategory.unknown
      guard needed.contains(where: { file.json[$0] == nil }) || (looksAtCategory && isUnknown) else {
        whole.append(file)
        continue
      }
      do throws(VendorError) { whole.append(try await self.file(file.id, as: subject)) } catch {
        guard error.code == .notFound || error.code == .forbidden else { throw error }
      }
    }
    return whole
  }

  // MARK: What is about to be made

  /// Holds what is about to be made against a rule, as far as it is known beforehand.
  ///
  /// - Parameters:
  ///   - owner: the member in which the account itself will stand.
  /// - Throws: where policy does not admit it for sure. Nothing was sent.
  func permit(new members: JSONObject, _ rule: RecordRule, owner: String, as subject: Subject) async throws(VendorError) {
    guard rule.limits else { return }
    var record = members
    if rule.members.contains(owner) {
      record[owner] = try await api.post("auth.test", as: subject, isRead: true)["user_id"]?.string.map { .string($0) } ?? .null
    }
    guard rule.admits(.object(record)) else {
      throw VendorError(.forbidden, "Policy does not let this be made here, or it cannot be told beforehand that it does. Nothing was sent.")
    }
  }

  /// What is known beforehand of a message in a channel.
  static func place(of channel: SlackChannel) -> JSONObject {
    var place: JSONObject = [
      "channel": .string(channel.id), "channel_name": .string(channel.name), "visibility": .string(channel.isPrivate ? "private" : "public"),
    ]
    RecordCategory.describe(&place, channel.categories)
    return place
  }
}
