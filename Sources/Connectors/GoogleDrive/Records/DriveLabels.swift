internal import ConnectorKit
internal import JSON

/// Drive labels that say what kind of data a file holds: `labels` of the settings.
///
/// A key is a label's id, or a label's id and the choice of one of its fields (`LABEL/CHOICE`). The first in the settings that a file
/// has is its category.
struct DriveLabels: Sendable {
  private let categories: [(label: String, choice: String?, category: String)]

  static let none = DriveLabels(categories: [])

  private init(categories: [(label: String, choice: String?, category: String)]) { self.categories = categories }

  init(_ settings: ConnectorSettings) throws(ConnectorError) {
    var categories: [(label: String, choice: String?, category: String)] = []
    if let part = try settings.settings("labels") {
      for (key, _) in part.values {
        let parts = key.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count <= 2, !parts.contains("") else { throw part.error(key, "expected a label's id, or LABEL/CHOICE") }
        categories.append((parts[0], parts.count == 2 ? parts[1] : nil, try part.required(key)))
      }
    }
    self.init(categories: categories)
  }

  /// The ids to ask for, as Drive takes them; nil where there are none.
  var included: String? {
    var ids: [String] = []
    for entry in categories where !ids.contains(entry.label) { ids.append(entry.label) }
    return ids.isEmpty ? nil : ids.joined(separator: ",")
  }

  /// The labels of a file, and what they mean.
  func read(_ file: RawJSON) -> (ids: [String], category: String?) {
    var choices: [String: Set<String>] = [:]
    var ids: [String] = []
    for label in file["labelInfo"]?["labels"]?.elements ?? RawJSON.null.elements {
      guard let id = label["id"]?.string else { continue }
      ids.append(id)
      for (_, field) in label["fields"]?.members ?? RawJSON.null.members {
        choices[id, default: []].formUnion((field["selection"].map { Array($0.elements) } ?? []).compactMap(\.string))
      }
    }
    let category = categories.first { entry in ids.contains(entry.label) && (entry.choice.map { choices[entry.label]?.contains($0) ?? false } ?? true) }
    return (ids, category?.category)
  }
}
