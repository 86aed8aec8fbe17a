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
  func visible(_ file: DriveFile, _ request: some IncomingRequest, as subject: Subject) async throws(VendorError) -> DriveFile? {
    try await visible(file, DriveFile.shape.rule(request), as: subject)
  }

  func visible(_ file: DriveFile, _ rule: RecordRule, as subject: Subject) async throws(VendorError) -> DriveFile? {
    try await visible([file], rule, as: subject).first
  }

  /// Those of some files that the caller may see, in their order.
  func visible(_ files: [DriveFile], _ rule: RecordRule, as subject: Subject) async throws(VendorError) -> [DriveFile] {
    guard rule.limits else { return files }
    guard !rule.admitsNone else { return [] }
    var files = files
    if rule.members.contains(RecordCategory.member) {
      let silent = files.indices.filter { files[$0].json[RecordCategory.member]?.string == RecordCategory.unknown }
      let found = silent.isEmpty ? [:] : try await knownLabels.labels(of: silent.map { files[$0] }, as: subject)
      for index in silent { files[index].describe(found[files[index].id] ?? nil, labels) }
    }
    return files.filter { rule.admits($0.json) }
  }
}
