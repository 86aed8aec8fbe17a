internal import ConnectorKit
internal import JSON
internal import MCP

/// What changed (<https://developers.google.com/workspace/drive/api/guides/manage-changes>): a start token, then pages of changes, and
/// at the end the token to go on with.
struct DriveChanges: Sendable {
  static func start(_ api: DriveAPI, drive: String?, as subject: Subject) async throws(VendorError) -> String {
    let json = try await api.get(["changes", "startPageToken"], [("driveId", drive), ("supportsAllDrives", "true"), ("fields", "startPageToken")], as: subject)
    guard let token = json["startPageToken"]?.string, !token.isEmpty else { throw VendorError(.invalidAnswer, "Google gave no token for changes.") }
    return token
  }

  static func page(_ api: DriveAPI, _ token: String, drive: String?, limit: Int, labels: DriveLabels, as subject: Subject) async throws(VendorError) -> RawJSON {
    try await api.get(
      ["changes"],
      [
        ("pageToken", token), ("driveId", drive), ("pageSize", String(limit)), ("includeRemoved", "true"), ("includeItemsFromAllDrives", "true"),
        ("supportsAllDrives", "true"), ("spaces", "drive"), ("includeLabels", labels.included),
        ("fields", "nextPageToken,newStartPageToken,changes(fileId,removed,time,file(\(DriveFile.fields)))"),
      ], as: subject)
  }

  /// The feed that tells subscribers of files and folders.
  ///
  /// - Parameter subject: whose changes: what that account does not see is not told.
  static func feed(_ drive: DriveContext, every interval: Int64, as subject: Subject) -> ChangeFeed {
    ChangeFeed("changes \(subject.key)", every: interval) { cursor throws(VendorError) in
      guard let cursor else { return ChangeFeed.Batch(cursor: try await start(drive.api, drive: nil, as: subject)) }
      let json: RawJSON
      do throws(VendorError) { json = try await page(drive.api, cursor, drive: nil, limit: 200, labels: drive.labels, as: subject) } catch {
        // Nothing but the token can be wrong with the request, and Google calls one that it cannot read invalid.
        guard error.status == 410 || error.status == 400 && error.vendorCode == "invalid" else { throw error }
        return .anew(try await start(drive.api, drive: nil, as: subject))
      }
      guard let next = (json["nextPageToken"] ?? json["newStartPageToken"])?.string else {
        throw VendorError(.invalidAnswer, "Google gave no token to go on with.")
      }
      let changes = DriveContext.elements(json, "changes")
      return ChangeFeed.Batch(updated: changes.flatMap { uris($0, drive) }, listChanged: changes.contains { $0["removed"]?.bool == true }, cursor: next)
    }
  }

  private static func uris(_ change: RawJSON, _ drive: DriveContext) -> [String] {
    guard let id = change["fileId"]?.string else { return [] }
    guard let file = change["file"].flatMap({ DriveFile($0, labels: drive.labels, teams: drive.teams) }) else {
      return [DriveResources.uri(id), DriveResources.folderURI(id)]
    }
    let exports = ExportFormat.all(of: file.mimeType).map { DriveResources.uri(id, $0.name) }
    return [DriveResources.uri(id)] + exports + (file.parents + (file.isFolder ? [id] : [])).map { DriveResources.folderURI($0) }
  }
}
