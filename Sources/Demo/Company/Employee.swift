/// Somebody who works at the sample company.
public struct Employee: Sendable, Hashable {
  public enum Role: String, Sendable, CaseIterable {
    case chiefExecutive = "chief executive"
    case headOfSales = "head of sales"
    case salesManager = "sales manager"
    case salesRep = "sales rep"
    case financeAnalyst = "finance analyst"
    case engineer
    case support
  }

  /// The login, which is also the user's id: `maya.chen`.
  public let id: String
  public let name: String
  public let role: Role
  public let team: String
  public let region: String
  /// The id of the one they report to; nil at the top.
  public let manager: String?

  /// The sales teams and their regions.
  static let salesTeams: [(team: String, region: String)] = [
    ("emea-north", "EMEA"), ("emea-south", "EMEA"), ("amer-east", "AMER"), ("amer-west", "AMER"), ("apac-east", "APAC"), ("apac-south", "APAC"),
  ]

  /// All fifty: who leads is named first, so that a manager stands before those who report to them.
  static let all: [Employee] = make()

  private static func make() -> [Employee] {
    var employees: [Employee] = []
    func hire(_ name: String, _ role: Role, _ team: String, _ region: String, _ manager: String?) -> String {
      let id = name.lowercased().split(separator: " ").joined(separator: ".")
      employees.append(Employee(id: id, name: name, role: role, team: team, region: region, manager: manager))
      return id
    }
    let chief = hire("Ingrid Solberg", .chiefExecutive, "leadership", "EMEA", nil)
    let sales = hire("Marcus Webb", .headOfSales, "leadership", "AMER", chief)
    for (index, (team, region)) in salesTeams.enumerated() {
      let people = names[index]
      let manager = hire(people[0], .salesManager, team, region, sales)
      for rep in people.dropFirst() { _ = hire(rep, .salesRep, team, region, manager) }
    }
    for (team, role, region, people) in staff {
      var lead = chief
      for (index, person) in people.enumerated() {
        let id = hire(person, role, team, region, lead)
        if index == 0 { lead = id }
      }
    }
    return employees
  }

  /// For each sales team its manager and five reps.
  private static let names: [[String]] = [
    ["Daniel Okafor", "Maya Chen", "Jonas Lind", "Aoife Byrne", "Pieter de Vries", "Hanna Koski"],
    ["Giulia Ferraro", "Pablo Ortega", "Elif Demir", "Nikos Pappas", "Clara Duarte", "Youssef Amrani"],
    ["Renee Carter", "Tyrone Banks", "Megan Doyle", "Luis Herrera", "Kate Sullivan", "Andre Lewis"],
    ["Victor Salazar", "Jenna Park", "Cole Ramirez", "Priscilla Young", "Owen Blake", "Tessa Nguyen"],
    ["Haruto Ishikawa", "Yui Matsuda", "Chen Wei", "Soo-jin Han", "Liang Zhao", "Mika Aoki"],
    ["Lakshmi Nair", "Rohan Mehta", "Siti Rahayu", "Ethan Clarke", "Anh Tran", "Isla Murray"],
  ]
  private static let staff: [(team: String, role: Role, region: String, people: [String])] = [
    ("finance", .financeAnalyst, "EMEA", ["Priya Raman", "Oliver Stein", "Camille Laurent", "Samuel Osei"]),
    ("engineering", .engineer, "AMER", ["Dmitri Volkov", "Rachel Stone", "Kofi Mensah", "Lena Fuchs"]),
    ("support", .support, "APAC", ["Grace Lim", "Mateo Cruz", "Zainab Bello", "Tom Hartley"]),
  ]
}
