/// Personal data that belongs to nobody. Each generator stays within a range set aside for tests, advertising or fiction.
enum TestRanges {
  /// Domains that nobody can register (RFC 2606 section 3).
  static let domains: [String] = ["example.com", "example.org", "example.net"]

  /// North America: 555-0100 to 555-0199 (North American Numbering Plan). United Kingdom: 020 7946 0000 to 0999 (Ofcom, numbers for
  /// drama use). Australia: (02) 5550 0000 to 9999 (ACMA, numbers for use in radio, film and television).
  static func phone(_ region: String, _ random: inout SampleRandom) -> String {
    switch region {
    case "AMER": "+1 \(random.pick([202, 212, 312, 415, 617])) 555 01\(SampleText.padded(random.int(0..<100), 2))"
    case "EMEA": "+44 20 7946 0\(SampleText.padded(random.int(0..<1000), 3))"
    default: "+61 2 5550 \(SampleText.padded(random.int(0..<10_000), 4))"
    }
  }

  /// Social security numbers 987-65-4320 to 987-65-4329, set aside for advertising by the Social Security Administration.
  static func nationalID(_ random: inout SampleRandom) -> String { "987-65-432\(random.int(0..<10))" }

  /// Card numbers that payment networks and processors publish for tests; all pass the Luhn check.
  static let cards: [String] = [
    "4242 4242 4242 4242", "4111 1111 1111 1111", "4012 8888 8888 1881", "4000 0566 5566 5556", "5555 5555 5555 4444", "5105 1051 0510 5100",
    "2223 0031 2200 3222", "3782 822463 10005", "6011 1111 1111 1117", "3530 1113 3330 0000",
  ]

  /// Keys as they get into notes. The first is the example of the AWS documentation, the second has the form of a GitHub token
  /// and is made of random characters.
  static func key(_ random: inout SampleRandom) -> String {
    if random.chance(50) { return "AKIA" + "IOSFODNN7EXAMPLE" }
    let characters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
    return "ghp" + "_" + String((0..<36).map { _ in random.pick(characters) })
  }
}
