import Foundation

/// The tests of the project, found in the text of their sources.
struct TestSources {
  /// Each test under its sentence and under the name of its function.
  let tests: Set<TestReference>

  init(folder: URL) throws {
    let root = folder.path(percentEncoded: false)
    var tests: Set<TestReference> = []
    for case let path as String in FileManager.default.enumerator(atPath: root) ?? FileManager.DirectoryEnumerator() where path.hasSuffix(".swift") {
      guard let target = path.split(separator: "/").first else { continue }
      let text = try String(contentsOf: folder.appending(path: path), encoding: .utf8)
      for name in TestSources.names(in: text) { tests.insert(TestReference(target: target, name: name)) }
    }
    self.tests = tests
  }

  /// The names of the tests in a source file. A test that is always off is none.
  static func names(in source: String) -> [Substring] {
    var names: [Substring] = []
    // What precedes the first attribute is no test.
    for part in source.split(separator: "@Test", omittingEmptySubsequences: false).dropFirst() {
      guard let function = part.firstRange(of: "func ") else { continue }
      let attribute = part[..<function.lowerBound]
      guard !attribute.contains(".disabled(") else { continue }
      names.append(part[function.upperBound...].prefix { $0.isLetter || $0.isNumber || $0 == "_" })
      let arguments = attribute.drop { $0 == "(" || $0.isWhitespace }
      guard attribute.hasPrefix("("), arguments.first == "\"" else { continue }
      names.append(arguments.dropFirst().prefix { $0 != "\"" })
    }
    return names
  }
}
