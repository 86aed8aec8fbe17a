internal import ConnectorKit
internal import JSON
internal import Synchronization

/// The labels of files of which Drive's lists do not tell them: asked for file by file, some at a time, and kept for a minute, since lists are read
/// again and again. A file's version counts whatever is changed in it, so that labels of one version say nothing of the next.
final class KnownLabels: Sendable {
  private struct Key: Hashable {
    var subject: String
    var file: String
    var version: String
  }

  /// At once, for one list.
  static let atOnce = 8
  private static let lifetime: Int64 = 60
  private static let maximumEntries = 5000
  private static let pages = 5

  /// Guards what is known: what was said to one person is not said to another.
  private let entries = Mutex<[Key: (labels: [RawJSON], expiry: Int64)]>([:])
  private let api: DriveAPI
  private let time: VendorTime

  init(_ api: DriveAPI, time: VendorTime) {
    self.api = api
    self.time = time
  }

  /// - Returns: by the file's id; nil where Drive does not list its labels.
  func labels(of files: [DriveFile], as subject: Subject) async throws(VendorError) -> [String: [RawJSON]?] {
    var seen: Set<String> = []
    var rest = files.filter { seen.insert($0.id).inserted }[...]
    let answers = await withTaskGroup(of: (id: String, labels: Result<[RawJSON]?, VendorError>).self) { group in
      var answers: [(id: String, labels: Result<[RawJSON]?, VendorError>)] = []
      var isFailed = false
      for _ in 0..<Self.atOnce {
        if let file = rest.popFirst() { group.addTask { (file.id, await self.labels(of: file, as: subject)) } }
      }
      for await answer in group {
        answers.append(answer)
        if case .failure = answer.labels {
          isFailed = true
          group.cancelAll()
        }
        if !isFailed, let file = rest.popFirst() { group.addTask { (file.id, await self.labels(of: file, as: subject)) } }
      }
      return answers
    }
    var found: [String: [RawJSON]?] = [:]
    // The first failure is why the others were cancelled.
    for answer in answers { found[answer.id] = .some(try answer.labels.get()) }
    return found
  }

  private func labels(of file: DriveFile, as subject: Subject) async -> Result<[RawJSON]?, VendorError> {
    let now = time.seconds()
    let key = file.version.map { Key(subject: subject.key, file: file.id, version: $0) }
    if let key, let known = entries.withLock({ $0[key] }), known.expiry > now { return .success(known.labels) }
    do throws(VendorError) {
      let labels = try await list(file.id, as: subject)
      if let key, let labels { keep(labels, key, now) }
      return .success(labels)
    } catch { return .failure(error) }
  }

  private func keep(_ labels: [RawJSON], _ key: Key, _ now: Int64) {
    entries.withLock { entries in
      if entries.count >= Self.maximumEntries { entries = entries.filter { $0.value.expiry > now } }
      if entries.count >= Self.maximumEntries { entries = [:] }
      entries[key] = (labels, now + Self.lifetime)
    }
  }

  /// All labels of a file; nil where Drive does not list them.
  private func list(_ id: String, as subject: Subject) async throws(VendorError) -> [RawJSON]? {
    var found: [RawJSON] = []
    var token: String?
    for _ in 0..<Self.pages {
      do throws(VendorError) {
        let json = try await api.get(
          ["files", id, "listLabels"], [("maxResults", "100"), ("pageToken", token), ("fields", "nextPageToken,labels(id,fields)")], as: subject)
        found += DriveContext.elements(json, "labels")
        token = json["nextPageToken"]?.string
        if token?.isEmpty ?? true { return found }
      } catch {
        guard error.code == .notFound || error.code == .forbidden || error.code == .invalid else { throw error }
        return nil
      }
    }
    return nil
  }
}
