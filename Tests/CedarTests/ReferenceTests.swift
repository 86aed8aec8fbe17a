import Cedar
import Foundation
import Testing

@Suite(
  "The reference implementation's integration tests", .enabled(if: SharedData.isPresent, "shared/data/cedar is not present: agreement with the reference is not tested"))
struct ReferenceTests {
  @Test("Every handwritten case gives the reference's decision, reasons and errors", arguments: ["decimal", "example_use_cases", "ip", "multi"])
  func handwritten(folder: String) throws {
    let root = try #require(SharedData.cedar)
    let tests = root.appendingPathComponent("tests/\(folder)")
    let files = try FileManager.default.contentsOfDirectory(at: tests, includingPropertiesForKeys: nil)
      .filter { $0.pathExtension == "json" }
    #expect(!files.isEmpty)
    for file in files {
      let differences = try ReferenceCase(file: file, root: root, flat: false, implicitEntities: true).differences()
      #expect(differences.isEmpty, "\(differences)")
    }
  }

  @Test("Every corpus case gives the reference's decision, reasons and errors", arguments: 0..<16)
  func corpus(part: Int) throws {
    let folder = try SharedData.corpus.get()
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      .filter { $0.hasSuffix(".json") && !$0.hasSuffix(".entities.json") }
      .sorted()
    #expect(files.count > 3_000)
    for (index, file) in files.enumerated() where index % 16 == part {
      do {
        let reference = try ReferenceCase(
          file: folder.appendingPathComponent(file), root: folder, flat: true, implicitEntities: false)
        let differences = reference.differences()
        #expect(differences.isEmpty, "\(differences)")
      } catch {
        Issue.record("\(file): \(error)")
      }
    }
  }
}
