internal import GRDB

/// Writes the sample company, Northwind, into an empty database: always the same rows.
struct SampleCompany {
  static let accounts = 2000
  static let opportunities = 10_000
  static let contacts = 5000
  static let activities = 20_000

  private struct Account {
    var id: String
    var name: String
    var owner: Employee
    var domain: String
  }
  private struct Opportunity {
    var id: String
    var account: Int
    var closeDate: SampleDay
  }
  private struct Contact {
    var name: String
    var email: String
    var phone: String
  }

  private let database: Database
  private var random = SampleRandom(seed: 0x534C_5549_4345)
  private var accounts: [Account] = []
  private var opportunities: [Opportunity] = []
  /// By account.
  private var contacts: [Int: [Contact]] = [:]

  static func write(to database: Database) throws {
    try database.execute(sql: CompanySchema.sql)
    var company = SampleCompany(database: database)
    try company.writeEmployees()
    try company.writeAccounts()
    try company.writeOpportunities()
    try company.writeContacts()
    try company.writeActivities()
  }

  private init(database: Database) { self.database = database }

  private func insert(into table: String, _ columns: Int) throws -> Statement {
    try database.makeStatement(sql: "INSERT INTO \(table) VALUES (\(Array(repeating: "?", count: columns).joined(separator: ",")))")
  }

  private func writeEmployees() throws {
    let insert = try insert(into: "employees", 6)
    for employee in Employee.all {
      try insert.execute(arguments: [employee.id, employee.name, employee.role.rawValue, employee.team, employee.region, employee.manager])
    }
  }

  private mutating func writeAccounts() throws {
    let insert = try insert(into: "accounts", 9)
    let reps = Employee.all.filter { $0.role == .salesRep }
    var taken = Set<String>()
    for number in 1...Self.accounts {
      let owner = reps[number % reps.count]
      var name: String
      repeat {
        name = random.pick(SampleWords.companyFirst) + random.pick(SampleWords.companySecond) + " " + random.pick(SampleWords.companyLast)
      } while !taken.insert(name).inserted
      let domain = name.lowercased().split(separator: " ").joined(separator: "-") + "." + random.pick(TestRanges.domains)
      let tier = random.pick(SampleWords.tiers)
      let revenue = random.int(1...900) * (tier == "enterprise" ? 5_000_000 : tier == "mid-market" ? 500_000 : 50_000)
      let account = Account(id: "acc_" + SampleText.padded(number, 5), name: name, owner: owner, domain: domain)
      try insert.execute(arguments: [
        account.id, name, owner.id, owner.team, owner.region, random.pick(SampleWords.industries), tier, revenue, "https://www.\(domain)",
      ])
      accounts.append(account)
    }
  }

  private mutating func writeOpportunities() throws {
    let insert = try insert(into: "opportunities", 16)
    let currencies = ["EMEA": "EUR", "AMER": "USD", "APAC": "AUD"]
    for number in 1...Self.opportunities {
      let index = random.int(0..<accounts.count)
      let account = accounts[index]
      let isClosed = random.chance(55)
      let isWon = isClosed && random.chance(60)
      let stage = isClosed ? (isWon ? "closed_won" : "closed_lost") : CompanySchema.stages[random.int(0..<4)]
      let amount = random.int(4...400) * 500
      let closeDate = SampleDay.today.adding(isClosed ? -random.int(1...720) : random.int(5...300))
      let (category, share) = isClosed ? ("closed", isWon ? 100 : 0) : [("omitted", 0), ("pipeline", 25), ("best_case", 50), ("commit", 90)][random.int(0..<4)]
      let name = "\(random.pick(SampleWords.deals)): \(random.pick(SampleWords.products))"
      let opportunity = Opportunity(id: "opp_" + SampleText.padded(number, 6), account: index, closeDate: closeDate)
      try insert.execute(arguments: [
        opportunity.id, account.id, account.name, name, account.owner.id, account.owner.team, account.owner.region, stage, isClosed, isWon, amount,
        currencies[account.owner.region], closeDate.text, category, amount * share / 100, isWon ? amount - random.int(0...10) * amount / 100 : 0,
      ])
      opportunities.append(opportunity)
    }
  }

  private mutating func writeContacts() throws {
    let insert = try insert(into: "contacts", 11)
    for number in 1...Self.contacts {
      let index = random.int(0..<accounts.count)
      let account = accounts[index]
      let (given, family) = (random.pick(SampleWords.givenNames), random.pick(SampleWords.familyNames))
      let contact = Contact(
        name: "\(given) \(family)", email: "\(given).\(family)@\(account.domain)".lowercased(), phone: TestRanges.phone(account.owner.region, &random))
      try insert.execute(arguments: [
        "con_" + SampleText.padded(number, 5), account.id, account.name, account.owner.id, account.owner.team, contact.name,
        random.pick(SampleWords.titles), contact.email, contact.phone, TestRanges.nationalID(&random), random.pick(TestRanges.cards),
      ])
      contacts[index, default: []].append(contact)
    }
  }

  private mutating func writeActivities() throws {
    let insert = try insert(into: "activities", 9)
    let types = ["call", "email", "meeting", "note"]
    for number in 1...Self.activities {
      // Most activities are about an opportunity, the others about an account as such.
      let opportunity = random.chance(75) ? random.pick(opportunities) : nil
      let index = opportunity?.account ?? random.int(0..<accounts.count)
      let account = accounts[index]
      let day = min(opportunity?.closeDate ?? .today, .today).adding(-random.int(0...180))
      try insert.execute(arguments: [
        "act_" + SampleText.padded(number, 6), account.id, opportunity?.id, account.owner.id, account.owner.team, random.pick(types),
        random.pick(SampleWords.subjects), body(account: index), day.text,
      ])
    }
  }

  /// Notes as people write them: now and then with an address, a number or a key that should not be there.
  private mutating func body(account: Int) -> String {
    var text = random.pick(SampleWords.notes)
    guard let contact = contacts[account]?.first else { return text }
    switch random.int(0..<100) {
    case 0..<12: text += " Reach \(contact.name) at \(contact.email)."
    case 12..<22: text += " Call \(contact.name) back on \(contact.phone)."
    case 22..<24: text += " They pasted their key \(TestRanges.key(&random)) into the chat, told them to rotate it."
    case 24..<25: text += " Card on file for the pilot: \(random.pick(TestRanges.cards))."
    default: break
    }
    return text
  }
}
