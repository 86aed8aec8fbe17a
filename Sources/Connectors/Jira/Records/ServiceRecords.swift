internal import ConnectorKit
internal import JSON

/// Records of Jira Service Management.
extension JiraRecords {
  /// A time in each form that Jira has for it: a text, or an object of several.
  static func time(_ raw: RawJSON?) -> String? { (raw?.string ?? raw?["iso8601"]?.string).map(JiraTime.text) }

  static let approval = RecordShape(
    RecordType("Approval"), list: "approvals", one: "approval",
    properties: [
      "id": ["type": "string"], "issue": ["type": "string"], "name": ["type": "string"],
      "decision": ["type": "string", "description": "approved, declined or pending."],
      "can_answer": ["type": "boolean", "description": "Whether it waits for the account that asks."],
      "approvers": [
        "type": "array",
        "items": ["type": "object", "properties": ["id": ["type": "string"], "name": ["type": "string"], "decision": ["type": "string"]]],
      ], "created": ["type": "string"], "completed": ["type": "string"],
    ], always: ["issue", "decision"], columns: ["id", "name", "decision", "can_answer", "created"], untrusted: ["name", "approvers"])

  static func approval(_ raw: RawJSON, issue: String) -> JSONValue? {
    guard let id = text(raw["id"]) else { return nil }
    var json: JSONObject = ["id": .string(id), "issue": .string(issue)]
    if let name = raw["name"]?.string { json["name"] = .string(name) }
    if let decision = raw["finalDecision"]?.string { json["decision"] = .string(decision.lowercased()) }
    if let canAnswer = raw["canAnswerApproval"]?.bool { json["can_answer"] = .bool(canAnswer) }
    for (member, own) in [("createdDate", "created"), ("completedDate", "completed")] { if let time = time(raw[member]) { json[own] = .string(time) } }
    let approvers = (raw["approvers"].map { Array($0.elements) } ?? []).map { one in
      var approver = JSONObject()
      if let id = one["approver"]?["accountId"]?.string ?? one["approver"]?["name"]?.string { approver["id"] = .string(id) }
      if let name = one["approver"]?["displayName"]?.string { approver["name"] = .string(name) }
      if let decision = one["approverDecision"]?.string { approver["decision"] = .string(decision.lowercased()) }
      return JSONValue.object(approver)
    }
    if !approvers.isEmpty { json["approvers"] = .array(approvers) }
    return .object(json)
  }

  static let serviceLevel = RecordShape(
    RecordType("ServiceLevel"), list: "slas", one: "sla",
    properties: [
      "id": ["type": "string"], "issue": ["type": "string"], "name": ["type": "string"],
      "state": ["type": "string", "enum": ["running", "paused", "completed", "not_started"]], "breached": ["type": "boolean"],
      "goal": ["type": "string", "description": "As Jira says it: 4h 30m."], "elapsed": ["type": "string"],
      "remaining": ["type": "string", "description": "With a minus where the goal was missed."], "started": ["type": "string"], "stopped": ["type": "string"],
      "breach_time": ["type": "string"], "breached_cycles": ["type": "integer", "description": "Completed cycles that missed the goal."],
    ], always: ["issue", "breached"], columns: ["name", "state", "breached", "goal", "remaining", "breach_time"], untrusted: ["name"])

  /// The cycle that runs, or else the last one that ended.
  static func serviceLevel(_ raw: RawJSON, issue: String) -> JSONValue? {
    guard let id = text(raw["id"]) else { return nil }
    var json: JSONObject = ["id": .string(id), "issue": .string(issue)]
    if let name = raw["name"]?.string { json["name"] = .string(name) }
    let completed = raw["completedCycles"].map { Array($0.elements) } ?? []
    let ongoing = raw["ongoingCycle"].flatMap { $0.kind == .object ? $0 : nil }
    json["state"] = .string(ongoing.map { $0["paused"]?.bool == true ? "paused" : "running" } ?? (completed.isEmpty ? "not_started" : "completed"))
    json["breached_cycles"] = .int(completed.count { $0["breached"]?.bool == true })
    if let cycle = ongoing ?? completed.last {
      if let isBreached = cycle["breached"]?.bool { json["breached"] = .bool(isBreached) }
      for (member, own) in [("goalDuration", "goal"), ("elapsedTime", "elapsed"), ("remainingTime", "remaining")] {
        if let words = cycle[member]?["friendly"]?.string { json[own] = .string(words) }
      }
      for (member, own) in [("startTime", "started"), ("stopTime", "stopped"), ("breachTime", "breach_time")] {
        if let time = time(cycle[member]) { json[own] = .string(time) }
      }
    }
    return .object(json)
  }
}
