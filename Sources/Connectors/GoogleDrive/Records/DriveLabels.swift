internal import ConnectorKit
internal import JSON
internal import MCP

/// Drive labels that say what kind of data a file holds: `labels` of the settings.
///
/// A key is a label's id, or a label's id and the choice of one of its fields (`LABEL/CHOICE`). A file is of every category that one of its
/// labels stands for.
struct DriveLabels: Sendable {
  private let entries: [(label: String, choice: String?, category: RecordCategory)]

  static let none = DriveLabels(entries: [])

  private init(entries: [(label: String, choice: String?, category: RecordCategory)]) { self.entries = entries }

  init(_ settings: ConnectorSettings) throws(ConnectorError) {
    var entries: [(label: String, choice: String?, category: RecordCategory)] = []
    if let part = try settings.settings("labels") {
      for (key, _) in part.values {
        let parts = key.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count <= 2, !parts.contains("") else { throw part.error(key, "expected a label's id, or LABEL/CHOICE") }
        entries.append((parts[0], parts.count == 2 ? parts[1] : nil, try part.requiredCategory(key)))
      }
    }
    self.init(entries: entries)
  }

  var isEmpty: Bool { entries.isEmpty }

  /// The ids to ask for, as Drive takes them; nil where there are none.
  var included: String? {
    var ids: [String] = []
    for entry in entries where !ids.contains(entry.label) { ids.append(entry.label) }
    return ids.isEmpty ? nil : ids.joined(separator: ",")
  }

  /// Says in a file's record which labels it has and what they mean. Where Drive says nothing of labels, the category is not known.
  ///
  /// - Parameter labels: as Drive lists them; nil where it does not.
  func describe(_ labels: [RawJSON]?, in record: inout JSONObject) {
    var ids: [String] = []
    var choices: [String: Set<String>] = [:]
    for label in labels ?? [] {
      guard let id = label["id"]?.string else { continue }
      ids.append(id)
      for (_, field) in label["fields"]?.members ?? RawJSON.null.members { choices[id, default: []].formUnion(field.elements(of: "selection").compactMap(\.string)) }
    }
    record["labels"] = .array(ids.map { .string($0) })
    guard !isEmpty else { return }
    let found = entries.filter { entry in ids.contains(entry.label) && (entry.choice.map { choices[entry.label]?.contains($0) ?? false } ?? true) }
    RecordCategory.describe(&record, labels == nil ? nil : Set(found.map(\.category)))
  }

  /// Labels that no file has whose category is one of these, or which has none.
  func excluded(by categories: Set<String>) -> [String] {
    // A choice is a value of a field, of which the settings do not know the id.
    entries.filter { entry in
      entry.choice == nil && RecordCategory.allCases.drop { $0 != entry.category }.allSatisfy { !categories.contains($0.rawValue) }
    }.map(\.label)
  }
}

extension DriveContext {
  /// A file as the caller may see it; nil where the gateway's rule hides it. Where Drive left out what labels it has, they are asked for.
  func visible(_ file: DriveFile, _ request: some ServerRequest, as subject: Subject) async throws(VendorError) -> DriveFile? {
    try await visible(file, DriveFile.shape.rule(request), as: subject)
  }

  func visible(_ file: DriveFile, _ rule: RecordRule, as subject: Subject) async throws(VendorError) -> DriveFile? {
    guard !rule.admitsNone else { return nil }
    var file = file
    if file.json[RecordCategory.member]?.string == RecordCategory.unknown, rule.members.contains(RecordCategory.member) {
      file.describe(try await list(labelsOf: file.id, as: subject), labels)
    }
    return rule.admits(file.json) ? file : nil
  }

  /// All labels of a file; nil where Drive does not list them.
  private func list(labelsOf id: String, as subject: Subject) async throws(VendorError) -> [RawJSON]? {
    var found: [RawJSON] = []
    var token: String?
    for _ in 0..<Self.labelPages {
      do throws(VendorError) {
        let json = try await api.get(
          ["files", id, "listLabels"], [("maxResults", "100"), ("pageToken", token), ("fields", "nextPageToken,labels(id,fields)")], as: subject)
        found += Self.elements(json, "labels")
        token = json["nextPageToken"]?.string
        if token?.isEmpty ?? true { return found }
      } catch {
        guard error.code == .notFound || error.code == .forbidden || error.code == .invalid else { throw error }
        return nil
      }
    }
    return nil
  }

  private static let labelPages = 5
}
