import Gateway
import Testing

/// What `text` is made of: the kind and the characters of each finding.
private func found(_ text: String) -> [String] {
  TextDetectors().findings(in: text).map { finding in
    "\(finding.kind.rawValue): \(String(decoding: Array(text.utf8)[finding.range], as: UTF8.self))"
  }
}

private let alphanumeric = "0aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0uV1wX2yZ3"

@Suite("Detectors")
struct ScreeningDetectorTests {
  @Test(
    "find e-mail addresses whole",
    arguments: [
      ("write to alice@example.com.", "alice@example.com"),
      ("<bob.o'hara+news@mail.example.co.uk>", "bob.o'hara+news@mail.example.co.uk"),
      ("jürgen@example.de", "jürgen@example.de"),
      ("联系alice@example.com请", "alice@example.com"),
      ("mailto:x_y-z%1@sub-domain.example.org?subject=1", "x_y-z%1@sub-domain.example.org"),
      ("a@münchen.example", "a@münchen.example"),
      ("user1234567@example.com", "user1234567@example.com"),
      ("\"name\\nalice@example.com\"", "alice@example.com"),
      ("alice@example.com.2026", "alice@example.com"),
    ])
  func emails(text: String, email: String) { #expect(found(text) == ["email: \(email)"]) }

  @Test(
    "find phone numbers",
    arguments: [
      ("call +14155550123 now", "+14155550123"),
      ("+49 30 1234567", "+49 30 1234567"),
      ("+1 (212) 555-0123", "+1 (212) 555-0123"),
      ("(212) 555-0123", "(212) 555-0123"),
      ("212-555-0123", "212-555-0123"),
      ("212.555.0123.", "212.555.0123"),
      ("1-800-555-0199", "1-800-555-0199"),
      ("020 7946 0958", "020 7946 0958"),
      ("(0161) 496 0000", "(0161) 496 0000"),
      ("07700 900123", "07700 900123"),
      ("01 23 45 67 89", "01 23 45 67 89"),
      ("01.23.45.67.89", "01.23.45.67.89"),
      ("030/1234567", "030/1234567"),
      ("0171-1234567", "0171-1234567"),
      ("0049 30 1234567", "0049 30 1234567"),
      ("phone: 2125550123", "2125550123"),
      ("Tel. 1234567", "1234567"),
      (#"{"mobile":"612345678"}"#, "612345678"),
      ("first line\n+442079460958\nlast", "+442079460958"),
    ])
  func phones(text: String, phone: String) { #expect(found(text) == ["phone: \(phone)"]) }

  @Test(
    "find payment cards of every network",
    arguments: [
      "4111111111111111", "4111 1111 1111 1111", "4111-1111-1111-1111", "5555555555554444", "2223003122003222",
      "378282246310005", "3782 822463 10005", "6011111111111117", "3530111333300000", "30569309025904",
      "3056 930902 5904", "4222222222222", "6304000000000000", "6200000000000005",
    ])
  func cards(card: String) {
    #expect(found("paid with \(card), thanks") == ["card: \(card)"])
    #expect(found("\(card)") == ["card: \(card)"])
    #expect(found("1 2 \(card) 12/27 737") == ["card: \(card)"])
  }

  @Test(
    "find national identifiers and bank accounts",
    arguments: [
      ("SSN 219-09-9999", "us_ssn: 219-09-9999"),
      ("ssn: 219099999", "us_ssn: 219099999"),
      ("987-65-4321", "us_ssn: 987-65-4321"),
      ("NI AB123456C", "uk_nino: AB123456C"),
      ("AB 12 34 56 C", "uk_nino: AB 12 34 56 C"),
      ("IdNr 86095742719", "de_tax_id: 86095742719"),
      ("86 095 742 719", "de_tax_id: 86 095 742 719"),
      ("65929970489", "de_tax_id: 65929970489"),
      ("255081416802538", "fr_insee: 255081416802538"),
      ("2 55 08 14 168 025 38", "fr_insee: 2 55 08 14 168 025 38"),
      ("1850578006084 91", "fr_insee: 1850578006084 91"),
      ("185052A00412356", "fr_insee: 185052A00412356"),
      ("DNI 12345678Z", "es_dni: 12345678Z"),
      ("12345678-Z", "es_dni: 12345678-Z"),
      ("12.345.678-Z", "es_dni: 12.345.678-Z"),
      ("NIE X1234567L", "es_dni: X1234567L"),
      ("CF RSSMRA85T10A562S", "it_codice_fiscale: RSSMRA85T10A562S"),
      ("RSSMRA85T10A56NH", "it_codice_fiscale: RSSMRA85T10A56NH"),
      ("BSN 111222333", "nl_bsn: 111222333"),
      ("burgerservicenummer: 1112.22.333", "nl_bsn: 1112.22.333"),
      ("DE89370400440532013000", "iban: DE89370400440532013000"),
      ("DE89 3704 0044 0532 0130 00.", "iban: DE89 3704 0044 0532 0130 00"),
      ("GB82 WEST 1234 5698 7654 32", "iban: GB82 WEST 1234 5698 7654 32"),
      ("IBAN:NL91ABNA0417164300", "iban: NL91ABNA0417164300"),
      ("MT84MALT011000012345MTLCAST001S", "iban: MT84MALT011000012345MTLCAST001S"),
      ("FR1420041010050500013M02606", "iban: FR1420041010050500013M02606"),
    ])
  func identifiers(text: String, finding: String) { #expect(found(text) == [finding]) }

  @Test(
    "find keys and tokens",
    arguments: [
      ("id AKIAIOSFODNN7EXAMPLE", "aws_access_key: AKIAIOSFODNN7EXAMPLE"),
      ("ASIAIOSFODNN7EXAMPLE", "aws_access_key: ASIAIOSFODNN7EXAMPLE"),
      ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "aws_secret_key: wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
      ("ghp_\(alphanumeric)", "github_token: ghp_\(alphanumeric)"),
      ("token=gho_\(alphanumeric);", "github_token: gho_\(alphanumeric)"),
      ("ghs_\(alphanumeric)", "github_token: ghs_\(alphanumeric)"),
      ("github_pat_11AAAAAAA0\(alphanumeric)", "github_token: github_pat_11AAAAAAA0\(alphanumeric)"),
      ("xoxb-123456789012-abcdefGHIJ", "slack_token: xoxb-123456789012-abcdefGHIJ"),
      ("sk_live_\(alphanumeric)", "stripe_key: sk_live_\(alphanumeric)"),
      ("AIzaSyA-0123456789abcdefghijklmnopqrstu", "google_key: AIzaSyA-0123456789abcdefghijklmnopqrstu"),
      ("sk-ant-api03-\(alphanumeric)", "anthropic_key: sk-ant-api03-\(alphanumeric)"),
      ("sk-proj-\(alphanumeric)", "openai_key: sk-proj-\(alphanumeric)"),
      ("glpat-\(alphanumeric)", "gitlab_token: glpat-\(alphanumeric)"),
      ("npm_\(alphanumeric)", "npm_token: npm_\(alphanumeric)"),
      ("pypi-AgEIcHlwaS5vcmc\(alphanumeric)", "pypi_token: pypi-AgEIcHlwaS5vcmc\(alphanumeric)"),
      ("sluice_\(alphanumeric)", "sluice_token: sluice_\(alphanumeric)"),
      ("t: eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2ln-_nature", "jwt: eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2ln-_nature"),
      ("Authorization: Bearer mF_9.B5f-4.1JqMdeadbeef==", "authorization: mF_9.B5f-4.1JqMdeadbeef=="),
      ("Authorization: Basic dXNlcjpwYXNz", "authorization: dXNlcjpwYXNz"),
      ("postgres://app:s3cr3t@db.internal:5432/x", "url_password: s3cr3t"),
      ("https://user:pa:ss@example.com/", "url_password: pa:ss"),
    ])
  func secrets(text: String, finding: String) {
    #expect(found(text) == [finding])
    #expect(found("line\n\(text)\nline") == [finding])
  }

  @Test("find both halves of an AWS key pair")
  func keyPair() {
    let text = "AKIAIOSFODNN7EXAMPLE\nSecret: wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n"
    #expect(
      found(text) == [
        "aws_access_key: AKIAIOSFODNN7EXAMPLE", "aws_secret_key: wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
      ])
  }

  @Test(
    "find private keys from BEGIN to END",
    arguments: [
      "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nBKcwggSjAgEAAoIBAQ==\n-----END PRIVATE KEY-----",
      "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END RSA PRIVATE KEY-----",
      "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ",
    ])
  func privateKeys(key: String) {
    #expect(found("before\n\(key)\n") == ["private_key: \(key)"])
  }

  @Test(
    "leave alone what only looks like personal data or a secret",
    arguments: [
      // Addresses
      "@alice", "alice@", "alice@localhost", "icon@2x.png", "git@github.com:apple/swift.git", "pkg@1.2.3", "@scope/pkg",
      "a @ b.com", "https://example.com/@user", "@@@@", "j•••@example.com",
      // Dates, times, amounts, versions, addresses of hosts
      "2026-11-23T12:48:32.123456Z", "2026-11-23 12:48:32", "20261123124832", "1764000000", "1764000000123", "1764000000123456789",
      "3.14159265358979", "0.12345678901234", "1,234,567.89", "1234567.89", "-12345678", "192.168.100.200", "10.255.255.255:8080",
      "1.20.300.4000", "05-11-2024 10:20", "05/11/2024", "2024 05 11 1234",
      // Identifiers
      "123e4567-e89b-12d3-a456-426614174000", "12345678-1234-1234-1234-123456789012", "d41d8cd98f00b204e9800998ecf8427e",
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "order 123456789012", "ORD-2125550123", "id_4111111111111111",
      "x4111111111111111", "4111111111111112", "4111111111111111a", "1234 5678 9012 3456", "0000000000000000",
      "111-22-333", "000-12-3456", "666-12-3456", "123-00-4567", "123-45-0000", "900-00-1234", "1-123-45-6789", "123456789", "111222333",
      "BSN 111222334", "86095742718", "12345678901", "11111111111", "255081416802539", "12345678A", "12345678ZZ", "X1234567M",
      "AB123456E", "BG123456A", "QQ123456C", "RSSMRA85T10A562T", "DE89370400440532013001", "XX89370400440532013000",
      "2125550123", "112-555-0123", "212-155-0123", "hotel 12345678", "000123 456789", "ISBN 978-3-16-148410-0", "+0123456789", "1+23456789",
      // Keys and tokens
      "ghp_short", "xghp_\(alphanumeric)", "the_github_path_name_of_something", "npm_config_registry", "sk-learn-is-a-library-with-a-long-name",
      "task-1a2B3c4D5e6F7g8H9i0J1k2L", "xoxb-", "AKIAIOSFODNN7EXAMPL", "AKIAIOSFODNN7EXAMPLES", "AIzaShort", "eyJhbGciOiJIUzI1NiJ9", "eyJ.eyJ.x",
      "Bearer authentication is required", "Bearer token", "Basic dXNlcjpwYXNz", "-----BEGIN CERTIFICATE-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC",
      "-----BEGIN PRIVATE KEY----- is how it starts", "http://host:8080/path", "http://user@host/", "sluice_audit", "sk_live_", "pypi-package",
      // Placeholders
      "[email] [phone] [card] [iban] [national id] [token] [key] [private key]", "postgres://app:[password]@db", "•••1111 •••23",
    ])
  func negatives(text: String) { #expect(found(text) == []) }

  @Test("find everything in a text that mixes all of it, in order")
  func mixture() {
    let text = "Alice <alice@example.com>, +1 212 555 0123; card 4111-1111-1111-1111 (exp 12/27), DE89370400440532013000, key AKIAIOSFODNN7EXAMPLE"
    #expect(TextDetectors().findings(in: text).map(\.kind) == [.email, .phone, .card, .iban, .awsAccessKey])
  }

  @Test("find a value wherever it stands in a longer text")
  func everyOffset() {
    let filler = String(repeating: "abcdefghijklmnopqrstuvwxyz012345", count: 5)
    for value in ["4111 1111 1111 1111", "alice@example.com", "AB123456C", "219-09-9999", "12345678Z", "sluice_\(alphanumeric)", "01 23 45 67 89"] {
      for offset in 0..<130 {
        let text = "\(filler.prefix(offset)) \(value) \(filler)"
        #expect(found(text).count == 1, "\(value) at \(offset)")
      }
    }
  }

  @Test(
    "pass over what breaks off like a number, wherever it stands",
    arguments: [
      "12-34-5x", "1a2b3c4d5e", "12:34:56.78x", "2026-11-23T", "a1b2c3", "1,2,3,4,5,6,7", "12345x", "1 2 x", "99..99..9x", "1AB2", "12.34.x",
    ])
  func brokenNumbers(text: String) {
    for offset in 0..<130 {
      for repeats in [1, 2, 7] {
        let filler = String(repeating: "z", count: offset)
        #expect(found(filler + " " + String(repeating: text, count: repeats) + " " + String(repeating: "z", count: 60)) == [])
      }
    }
  }

  @Test("can be switched off one by one")
  func switchedOff() {
    let some = TextDetectors(DetectorSet.all.subtracting(DetectorSet([.email])))
    #expect(some.findings(in: "a@example.com 4111111111111111").map(\.kind) == [.card])
    #expect(TextDetectors(.none).findings(in: "a@example.com").isEmpty)
  }

  @Test(
    "end in time linear in the text, whatever it repeats",
    arguments: [
      "@", "4", "1 ", "eyJ", "eyJ.", "eyJ-", "sk-", "xoxb-1", "a@", "@a.", "a@b.", "-----BEGIN PRIVATE KEY-----", "://a:", "4111-", "020 ",
      "DE12 ", "é@", "phone 1234567 ", "AKIAIOSFODNN7EXAMPLE ", "\\", "\\r", "Bearer ", "0.", "+1", "(", "1A",
    ])
  func hostile(unit: String) {
    let text = String(repeating: unit, count: (1 << 19) / unit.utf8.count)
    let findings = TextDetectors().findings(in: text)
    #expect(zip(findings, findings.dropFirst()).allSatisfy { $0.range.upperBound <= $1.range.lowerBound })
  }
}
