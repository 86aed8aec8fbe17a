import Foundation

/// The requirements of all pages, read from the files beside this one.
struct Manifest {
  static let sides: Set<String> = ["client", "server", "both", "host", "as"]
  private static let columns = ["number", "hash", "keyword", "side", "requirement", "status", "evidence"]

  let requirements: [Requirement]
  /// The reasons for which a requirement may have no test, by key.
  let reasons: [String: String]
  /// Lines that could not be read.
  private(set) var problems: [String] = []

  init(folder: URL) throws {
    var requirements: [Requirement] = []
    for page in try Manifest.pages(in: folder) {
      let file = folder.appending(path: "\(page).tsv")
      for (index, line) in try String(contentsOf: file, encoding: .utf8).split(separator: "\n").enumerated() {
        let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        if index == 0 {
          if fields != Manifest.columns { problems.append("\(page).tsv: the columns are \(Manifest.columns.joined(separator: ", "))") }
        } else if fields.count == Manifest.columns.count, let number = Int(fields[0]), let standing = Requirement.Standing(rawValue: fields[5]) {
          requirements.append(
            Requirement(
              page: page, number: number, hash: fields[1], keyword: fields[2], side: fields[3], text: fields[4], standing: standing, evidence: fields[6]))
        } else {
          problems.append("\(page).tsv, line \(index + 1): not \(Manifest.columns.count) columns with a number and a status (test, not, gap)")
        }
      }
    }
    self.requirements = requirements
    var reasons: [String: String] = [:]
    for line in try String(contentsOf: folder.appending(path: "reasons.tsv"), encoding: .utf8).split(separator: "\n") {
      let fields = line.split(separator: "\t", maxSplits: 1).map(String.init)
      if fields.count == 2 { reasons[fields[0]] = fields[1] } else { problems.append("reasons.tsv: \(line)") }
    }
    self.reasons = reasons
  }

  /// The pages that have a file, newest revision first, in the order of the specification's sections.
  private static func pages(in folder: URL) throws -> [String] {
    let sections = ["basic", "server", "client", "extensions"]
    func order(_ page: String) -> (String, Int, String) {
      let parts = page.split(separator: "/").map(String.init)
      return (parts[0], sections.firstIndex(of: parts[1]) ?? sections.count, page)
    }
    let root = folder.path(percentEncoded: false)
    let files = FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []
    return files.filter { $0.hasSuffix(".tsv") && $0.contains("/") }.map { String($0.dropLast(4)) }.sorted {
      let (one, other) = (order($0), order($1))
      return one.0 == other.0 ? (one.1, one.2) < (other.1, other.2) : one.0 > other.0
    }
  }

  /// The pages in order.
  var pages: [String] {
    var pages: [String] = []
    for requirement in requirements where pages.last != requirement.page { pages.append(requirement.page) }
    return pages
  }
}
