/// One MUST or SHOULD of the specification, in our words, and how it is met.
struct Requirement {
  enum Standing: String, CaseIterable {
    /// A test shows it. The evidence names the tests as `Target: sentence`, with ` | ` between several.
    case tested = "test"
    /// It is not for this project to meet. The evidence is a key of `reasons.tsv`.
    case notOurs = "not"
    /// It should be met and is not, or nothing shows that it is. The evidence says what is missing.
    case gap
  }

  /// The page of the specification, such as `2026-07-28/server/tools`.
  let page: String
  /// Its place among the requirements of the page, from 1.
  let number: Int
  /// Of the sentence in the specification, so that `scripts/spec_requirements.py` notices when that changes.
  let hash: String
  let keyword: String
  /// Who has to meet it: client, server, both, host (the application around a client) or as (the authorization server).
  let side: String
  let text: String
  let standing: Standing
  let evidence: String

  var id: String { "\(page)#\(number)" }
  var revision: Substring { page.prefix { $0 != "/" } }

  /// The tests that the evidence names.
  var tests: [TestReference] {
    standing == .tested ? evidence.split(separator: " | ").map { TestReference($0) } : []
  }
}

/// A test by the target it is in and its sentence, or the name of its function.
struct TestReference: Hashable {
  let target: Substring
  let name: Substring

  init(_ text: Substring) {
    let parts = text.split(separator: ": ", maxSplits: 1)
    target = parts.first ?? ""
    name = parts.count == 2 ? parts[1] : ""
  }

  init(target: Substring, name: Substring) {
    self.target = target
    self.name = name
  }

  var text: String { "\(target): \(name)" }
}
