public import JSON

/// One of the three people of the demo, with what an identity provider would say of them.
public struct DemoPerson: Sendable {
  /// `rep`, `manager` or `finance`.
  public let key: String
  /// The user's id, which is an employee's: it stands in the `owner` columns.
  public let id: String
  public let name: String
  public let roles: [String]
  public let groups: [String]
  /// `name`, `team` and `region`, which the policy compares with those of records.
  public let attributes: JSONObject
}

/// The people for whom the demo makes tokens: a sales rep, her manager, and a finance analyst.
public enum DemoPeople {
  public static let rep = person("rep", "maya.chen", role: "sales_rep")
  public static let manager = person("manager", "daniel.okafor", role: "sales_manager")
  public static let finance = person("finance", "priya.raman", role: "finance")
  public static let all: [DemoPerson] = [rep, manager, finance]

  private static func person(_ key: String, _ id: String, role: String) -> DemoPerson {
    let employee = Employee.all.first { $0.id == id }
    let (name, team, region) = (employee?.name ?? id, employee?.team ?? "", employee?.region ?? "")
    return DemoPerson(
      key: key, id: id, name: name, roles: [role], groups: [team],
      attributes: ["name": .string(name), "team": .string(team), "region": .string(region)])
  }
}
