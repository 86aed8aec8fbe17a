internal import ConnectorKit
internal import JSON

/// What a field of a project may be set to.
enum ProjectField {
  /// The options or iterations of a field; nil where it has none.
  static func choices(_ raw: RawJSON) -> [(id: String, name: String)]? {
    let lists = [raw["options"], raw["configuration"]?["iterations"], raw["configuration"]?["completedIterations"]].compactMap { $0 }
    guard !lists.isEmpty else { return nil }
    return lists.flatMap { list in
      list.elements.compactMap { choice in
        guard let id = choice["id"]?.string, let name = (choice["name"] ?? choice["title"])?.string else { return nil }
        return (id, name)
      }
    }
  }

  /// The value of a field as GitHub takes it.
  ///
  /// - Throws: what the field takes instead.
  static func value(_ text: String, of field: RawJSON) throws(VendorError) -> JSONValue {
    let name = field["name"]?.string ?? ""
    switch field["dataType"]?.string {
    case "TEXT": return ["text": .string(text)]
    case "DATE": return ["date": .string(text)]
    case "NUMBER":
      guard Double(text) != nil, let number = try? JSONValue(parsing: text) else { throw VendorError(.refused, "\(name) is a number. Nothing was changed.") }
      return ["number": number]
    case "SINGLE_SELECT", "ITERATION":
      let choices = choices(field) ?? []
      guard let choice = choices.first(where: { $0.name.lowercased() == text.lowercased() || $0.id == text }) else {
        throw VendorError(.refused, "\(name) is one of: \(choices.map(\.name).joined(separator: ", ")). Nothing was changed.")
      }
      return field["dataType"]?.string == "ITERATION" ? ["iterationId": .string(choice.id)] : ["singleSelectOptionId": .string(choice.id)]
    default: throw VendorError(.refused, "\(name) is no field of the project's own: change it at the issue or pull request. Nothing was changed.")
    }
  }
}
