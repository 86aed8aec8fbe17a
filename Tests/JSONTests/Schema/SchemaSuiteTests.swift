import JSON
import Testing

@Suite(
  "The JSON Schema test suite",
  .enabled(if: SchemaSuite.isPresent, "shared/data/json-schema-test-suite is not present: conformance to draft 2020-12 not tested"))
struct SchemaSuiteTests {
  @Test("every required test passes", arguments: SchemaSuite.files(""))
  func required(file: String) throws {
    let (ran, failures) = try SchemaSuite.failures(in: file)
    #expect(ran > 0)
    #expect(failures == [])
  }

  @Test("the required tests are all there") func count() throws {
    let count = try SchemaSuite.files("").map { try SchemaSuite.failures(in: $0).ran }.reduce(0, +)
    #expect(count >= 1299)
  }

  @Test("every optional test passes", arguments: SchemaSuite.files("optional"))
  func optional(file: String) throws {
    let (_, failures) = try SchemaSuite.failures(in: "optional/\(file)")
    #expect(failures == [])
  }

  /// Annotations for us: internationalized host names need the tables of IDNA.
  static let formats: [String] = SchemaSuite.files("optional/format").filter { $0 != "idn-hostname" }

  @Test("every test of the formats that are checked passes", arguments: formats)
  func format(file: String) throws {
    let (_, failures) = try SchemaSuite.failures(in: "optional/format/\(file)", checksFormats: true) { _, _, data in
      // What is inside an encoded label needs the same tables.
      file == "hostname" && data.string?.lowercased().contains("xn--") == true
    }
    #expect(failures == [])
  }

  @Test("a metaschema accepts the schemas of the suite", arguments: SchemaSuite.files(""))
  func metaschema(file: String) throws {
    let metaschema = try JSONSchema(["$ref": "https://json-schema.org/draft/2020-12/schema"])
    for group in try SchemaSuite.groups(file) {
      #expect(metaschema.validate(group.schema) == [], "\(group.description)")
    }
  }
}
