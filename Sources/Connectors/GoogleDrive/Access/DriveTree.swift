internal import ConnectorKit
internal import JSON
internal import Synchronization

/// Which drives and folders the settings let be reached. A folder stands for all that is below it: for that the folders above a file
/// are looked up, and kept for a while.
final class DriveTree: Sendable {
  private struct Folder: Sendable {
    var name: String
    var parents: [String]
    var isSeen = true
    var expiry: Int64
  }
  private struct State {
    var folders: [String: Folder] = [:]
    var drives: [String: (name: String?, expiry: Int64)] = [:]
  }

  /// Guards what is known, by subject and id: what one person may see is not asked on another's behalf.
  private let state = Mutex(State())
  private let api: DriveAPI
  private let drives: NameFilter
  private let folders: NameFilter
  private let time: VendorTime
  private static let lifetime: Int64 = 300
  private static let maximumEntries = 20_000
  private static let maximumDepth = 100

  init(_ api: DriveAPI, drives: NameFilter, folders: NameFilter, time: VendorTime) {
    self.api = api
    self.drives = drives
    self.folders = folders
    self.time = time
  }

  var admitsAll: Bool { drives.admitsAll && folders.admitsAll }

  /// - Throws: what Drive says against looking up a drive or a folder: what cannot be checked is not admitted.
  func admits(_ file: DriveFile, as subject: Subject) async throws(VendorError) -> Bool {
    guard try await admits(drive: file.driveID, as: subject) else { return false }
    guard !folders.admitsAll else { return true }
    return try await isBelowAdmitted(file, subject)
  }

  /// - Parameter drive: a shared drive's id; nil for what is in none, which filters know as `personal`.
  func admits(drive: String?, as subject: Subject) async throws(VendorError) -> Bool {
    guard !drives.admitsAll else { return true }
    guard let drive else { return drives.admits(DriveFile.personal) }
    guard let name = try await name(ofDrive: drive, subject) else { return drives.deny.isEmpty && drives.admits(drive) }
    return drives.admits(drive, name)
  }

  func admits(drive: String, name: String) -> Bool { drives.admits(drive, name) }

  private func isBelowAdmitted(_ file: DriveFile, _ subject: Subject) async throws(VendorError) -> Bool {
    var seen: Set<String> = [file.id]
    var isAllowed = folders.allow.isEmpty
    let deny = NameFilter(deny: folders.deny)
    let allow = NameFilter(allow: folders.allow)
    // A folder counts as above itself.
    if file.isFolder {
      guard deny.admits(file.id, file.name) else { return false }
      isAllowed = isAllowed || allow.admits(file.id, file.name)
    }
    var rest = file.parents
    while let id = rest.popLast() {
      guard seen.insert(id).inserted else { continue }
      guard seen.count <= Self.maximumDepth else { throw VendorError(.refused, "The file is below more folders than can be looked up.") }
      let folder = try await self.folder(id, subject)
      guard deny.admits(id, folder.name), folder.isSeen || folders.deny.isEmpty else { return false }
      isAllowed = isAllowed || !folders.allow.isEmpty && allow.admits(id, folder.name)
      rest += folder.parents
    }
    return isAllowed
  }

  private func folder(_ id: String, _ subject: Subject) async throws(VendorError) -> Folder {
    let (now, key) = (time.seconds(), subject.key + " " + id)
    if let known = state.withLock({ $0.folders[key] }), known.expiry > now { return known }
    let folder: Folder
    do throws(VendorError) {
      let json = try await api.get(["files", id], [("fields", "id,name,parents"), ("supportsAllDrives", "true")], as: subject)
      folder = Folder(
        name: json["name"]?.string ?? id, parents: (json["parents"].map { Array($0.elements) } ?? []).compactMap(\.string), expiry: now + Self.lifetime)
    } catch {
      guard error.code == .notFound || error.code == .forbidden else { throw error }
      // A folder above that the account may not see: whether it is denied by name, or below a denied one, cannot be known.
      folder = Folder(name: id, parents: [], isSeen: false, expiry: now + Self.lifetime)
    }
    state.withLock {
      if $0.folders.count > Self.maximumEntries { $0.folders.removeAll() }
      $0.folders[key] = folder
    }
    return folder
  }

  /// Nil where the account may not see the drive, as one who was given a single file of it.
  private func name(ofDrive id: String, _ subject: Subject) async throws(VendorError) -> String? {
    let (now, key) = (time.seconds(), subject.key + " " + id)
    if let known = state.withLock({ $0.drives[key] }), known.expiry > now { return known.name }
    let name: String?
    do throws(VendorError) {
      name = try await api.get(["drives", id], [("fields", "id,name")], as: subject)["name"]?.string ?? id
    } catch {
      guard error.code == .notFound || error.code == .forbidden else { throw error }
      name = nil
    }
    state.withLock {
      if $0.drives.count > Self.maximumEntries { $0.drives.removeAll() }
      $0.drives[key] = (name, now + Self.lifetime)
    }
    return name
  }
}
