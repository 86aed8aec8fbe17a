import Demo
import Foundation
import GRDB
import JSON
import Testing

@Suite struct SampleCompanyTests {
  @Test("the sample has the promised numbers of rows") func counts() throws {
    let queue = try DatabaseQueue(path: Sample.shared())
    let counts = try queue.read { database in
      try ["employees", "accounts", "opportunities", "contacts", "activities"].map { try Int.fetchOne(database, sql: "SELECT count(*) FROM \($0)") ?? 0 }
    }
    #expect(counts == [50, 2000, 10_000, 5000, 20_000])
  }

  @Test("the sample is the same each time it is made") func deterministic() throws {
    let again = TemporaryDatabase()
    #expect(try Demo.seed(again.path))
    let found = try digest(again.path)
    #expect(try found == digest(Sample.shared()))
    // Changes only with ``Demo/version``: what people wrote down about the sample should stay true.
    #expect(found == "772aa1552f3f9acf")
  }

  @Test("a second start makes nothing and keeps what was changed") func secondStart() throws {
    let copy = try Sample.copy()
    let path = copy.path
    try DatabaseQueue(path: path).write { try $0.execute(sql: "UPDATE opportunities SET stage = 'proposal' WHERE id = 'opp_000001'") }
    #expect(try Demo.seed(path) == false)
    #expect(try DatabaseQueue(path: path).read { try String.fetchOne($0, sql: "SELECT stage FROM opportunities WHERE id = 'opp_000001'") } == "proposal")
    withExtendedLifetime(copy) {}
  }

  @Test("a file that holds something else is left alone") func foreignFile() throws {
    let file = TemporaryDatabase()
    try DatabaseQueue(path: file.path).write { try $0.execute(sql: "CREATE TABLE mine(x)") }
    #expect(throws: DemoError.self) { try Demo.seed(file.path) }
  }

  @Test("owners and managers are employees, and teams are theirs", arguments: ["accounts", "opportunities", "contacts", "activities"])
  func references(table: String) throws {
    let strays = try DatabaseQueue(path: Sample.shared()).read { database in
      try Int.fetchOne(database, sql: "SELECT count(*) FROM \(table) t LEFT JOIN employees e ON e.id = t.owner WHERE e.id IS NULL OR e.team <> t.team")
    }
    #expect(strays == 0)
    #expect(try DatabaseQueue(path: Sample.shared()).read { try Row.fetchAll($0, sql: "PRAGMA foreign_key_check") }.isEmpty)
  }

  @Test("personal data stays within the ranges for tests and fiction") func testRanges() throws {
    let queue = try DatabaseQueue(path: Sample.shared())
    let contacts = try queue.read { try Row.fetchAll($0, sql: "SELECT email, phone, national_id, card_number FROM contacts") }
    for contact in contacts {
      let email: String = contact["email"], phone: String = contact["phone"], id: String = contact["national_id"], card: String = contact["card_number"]
      #expect(email.hasSuffix(".example.com") || email.hasSuffix(".example.org") || email.hasSuffix(".example.net"))
      #expect(phone.contains(" 555 01") || phone.hasPrefix("+44 20 7946 0") || phone.hasPrefix("+61 2 5550 "))
      #expect(id.hasPrefix("987-65-432") && id.utf8.count == 11)
      #expect(passesLuhn(card))
    }
  }

  @Test("some notes hold an address, a number or a key") func notes() throws {
    let found = try DatabaseQueue(path: Sample.shared()).read { database in
      try ["%@%.example.%", "% +%", "%AKIA%", "%ghp\\_%"].map {
        try Int.fetchOne(database, sql: "SELECT count(*) FROM activities WHERE body LIKE ? ESCAPE '\\'", arguments: [$0]) ?? 0
      }
    }
    #expect(found.allSatisfy { $0 > 50 })
  }

  @Test("the three people are employees with a team, and the manager is the rep's") func people() throws {
    #expect(DemoPeople.all.map(\.key) == ["rep", "manager", "finance"])
    #expect(DemoPeople.rep.attributes["team"] == DemoPeople.manager.attributes["team"])
    #expect(DemoPeople.all.allSatisfy { !($0.attributes["team"]?.string ?? "").isEmpty })
    let manager = try DatabaseQueue(path: Sample.shared()).read {
      try String.fetchOne($0, sql: "SELECT manager FROM employees WHERE id = ?", arguments: [DemoPeople.rep.id])
    }
    #expect(manager == DemoPeople.manager.id)
  }

  private func digest(_ path: String) throws -> String {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    try DatabaseQueue(path: path).read { database in
      for table in ["employees", "accounts", "opportunities", "contacts", "activities"] {
        let rows = try Row.fetchCursor(database, sql: "SELECT * FROM \(table) ORDER BY id")
        while let row = try rows.next() {
          for value in row.databaseValues {
            for byte in "\(value)|".utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
          }
        }
      }
    }
    return String(hash, radix: 16)
  }

  private func passesLuhn(_ card: String) -> Bool {
    let digits = card.compactMap(\.wholeNumberValue)
    let sum = digits.reversed().enumerated().reduce(0) { sum, digit in
      let doubled = digit.offset % 2 == 1 ? digit.element * 2 : digit.element
      return sum + (doubled > 9 ? doubled - 9 : doubled)
    }
    return digits.count >= 15 && sum.isMultiple(of: 10)
  }
}
