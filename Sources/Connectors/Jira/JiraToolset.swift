internal import ConnectorKit

/// A group of tools, and what it needs at Atlassian. docs/connectors/jira.md has the same table.
enum JiraToolset: String, CaseIterable {
  case read, agile
  case serviceManagement = "service_management"
  case serviceManagementWrite = "service_management_write"
  case write
  case agileWrite = "agile_write"
  case projectWrite = "project_write"
  case delete

  var isDefault: Bool { self == .read || self == .agile }
  private var isWriting: Bool { ![.read, .agile, .serviceManagement].contains(self) }

  /// The groups that settings switch on, as far as they have tools then.
  static func on(_ scope: ToolScope) -> [JiraToolset] {
    allCases.filter { toolset in
      let isChosen = scope.groups.map { $0.contains("all") || $0.contains(toolset.rawValue) } ?? toolset.isDefault
      return isChosen && !(toolset.isWriting && scope.isReadOnly)
    }
  }

  /// Scopes of OAuth 2.0 (3LO) (<https://developer.atlassian.com/cloud/jira/platform/scopes-for-oauth-2-3LO-and-forge-apps/>).
  var scopes: [String] {
    switch self {
    case .read: ["read:jira-work", "read:jira-user"]
    case .agile:
      [
        "read:board-scope:jira-software", "read:board-scope.admin:jira-software", "read:project:jira", "read:sprint:jira-software", "read:issue-details:jira",
        "read:jql:jira",
      ]
    case .serviceManagement: ["read:servicedesk-request"]
    case .serviceManagementWrite: ["write:servicedesk-request"]
    case .write, .delete: ["write:jira-work"]
    case .agileWrite: ["write:sprint:jira-software", "write:board-scope:jira-software"]
    case .projectWrite: ["manage:jira-project"]
    }
  }

  /// Permissions of the account in its projects, by Jira's keys.
  var permissions: [String] {
    switch self {
    case .read, .agile: ["BROWSE_PROJECTS"]
    case .serviceManagement: ["BROWSE_PROJECTS", "SERVICEDESK_AGENT"]
    case .serviceManagementWrite: ["SERVICEDESK_AGENT", "ADD_COMMENTS"]
    case .write:
      [
        "CREATE_ISSUES", "EDIT_ISSUES", "ASSIGN_ISSUES", "TRANSITION_ISSUES", "LINK_ISSUES", "ADD_COMMENTS", "EDIT_OWN_COMMENTS", "WORK_ON_ISSUES",
        "EDIT_OWN_WORKLOGS", "CREATE_ATTACHMENTS", "MANAGE_WATCHERS",
      ]
    case .agileWrite: ["MANAGE_SPRINTS_PERMISSION", "SCHEDULE_ISSUES"]
    case .projectWrite: ["ADMINISTER_PROJECTS"]
    case .delete: ["DELETE_ISSUES", "DELETE_OWN_COMMENTS", "DELETE_OWN_WORKLOGS", "DELETE_OWN_ATTACHMENTS", "LINK_ISSUES"]
    }
  }

  /// What several need together, in order, each once.
  static func all(_ toolsets: [JiraToolset], _ part: (JiraToolset) -> [String]) -> [String] {
    var seen: Set<String> = []
    return toolsets.flatMap(part).filter { seen.insert($0).inserted }
  }
}
