internal import CFiles
internal import ConnectorKit
internal import MCP

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// The files below the roots, minus what is hidden. Every operation runs off the event loops and is bounded.
struct FileSystem: Sendable {
  let roots: [FileRoot]
  /// Globs of paths (`root/...`) and of names that do not exist for clients.
  let hidden: NameFilter
  let showsDotFiles: Bool
  /// What policy says of files in one request; nil where every file may be seen. What it does not admit is not there.
  private(set) var rule: RecordRule?

  init(roots: [FileRoot], hidden: NameFilter, showsDotFiles: Bool) {
    self.roots = roots
    self.hidden = hidden
    self.showsDotFiles = showsDotFiles
  }

  /// The files as the caller may see them.
  func governed(by request: some IncomingRequest) -> FileSystem {
    let rule = RecordRule(FileInfo.record, for: request)
    var files = self
    files.rule = rule.limits ? rule : nil
    return files
  }

  /// Entries that one walk looks at.
  static let maximumWalk = 200_000

  func root(_ path: FilePath) throws(VendorError) -> FileRoot {
    guard let root = roots.first(where: { $0.name == path.root }) else {
      throw VendorError(.notFound, "There is no root \(path.root). There are: \(roots.map(\.name).joined(separator: ", ")).")
    }
    guard isVisible(path) else { throw VendorError(.notFound, "There is no \(path).") }
    return root
  }

  /// Whether neither the path nor anything above it is hidden.
  func isVisible(_ path: FilePath) -> Bool {
    var prefix = path.root
    for part in FilePath.parts(of: path.relative) {
      prefix += "/" + part
      if part.utf8.first == UInt8(ascii: "."), !showsDotFiles { return false }
      if !hidden.admits(part, prefix) { return false }
    }
    return true
  }

  /// Whether a hidden file could be shown by moving a directory above it: a pattern with a slash, or with a star in its middle, which stands
  /// for slashes as well, fits by more than one name.
  private var hidesByPlace: Bool {
    hidden.deny.contains { pattern in
      let star = UInt8(ascii: "*")
      let middle = pattern.utf8.drop { $0 == star }.reversed().drop { $0 == star }
      return middle.contains { $0 == star || $0 == UInt8(ascii: "/") }
    }
  }

  /// Opens what is visible, and visible by the name that links on the way lead to as well.
  private func open(_ path: FilePath, _ way: FileRoot.Way) throws(VendorError) -> FileDescriptor {
    let file = try root(path).open(path.relative, way)
    if let target = file.target, !isVisible(FilePath(root: path.root, relative: target)) { throw Self.absence(path) }
    // A directory may be gone through on the way to what the rule admits: each entry is looked at by itself.
    if rule != nil, way != .directory {
      guard let status = file.status, admits(FileInfo(path, status), target: file.target.map { FilePath(root: path.root, relative: $0) }) else {
        throw Self.absence(path)
      }
    }
    return file
  }

  static func absence(_ path: FilePath) -> VendorError { VendorError(.notFound, "There is no \(path).") }

  /// Whether policy lets the caller see a file, by the path that was asked for and by the one that links led to.
  private func admits(_ info: FileInfo, target: FilePath? = nil) -> Bool {
    guard let rule else { return true }
    guard rule.admits(info.json) else { return false }
    guard let target, target != info.path else { return true }
    var other = info
    other.path = target
    return rule.admits(other.json)
  }

  /// - Throws: where policy does not let the caller have such a file, or replace the one that is there.
  private func checkMaking(_ info: FileInfo, in parent: borrowing FileDescriptor, replacing known: stat? = nil) throws(VendorError) {
    guard rule != nil else { return }
    let target = parent.target.map { FilePath(root: info.path.root, relative: $0).appending(info.path.name) }
    guard admits(info, target: target), known.map({ admits(FileInfo(info.path, $0), target: target) }) ?? true else {
      throw VendorError(.forbidden, "You are not permitted to have a file at \(info.path) as it would be. Nothing was changed.")
    }
  }

  /// Whether a name in an open directory is visible, by the directory's path as it was asked for and by the one that links led to.
  private func isVisible(_ name: String, in directory: borrowing FileDescriptor, _ path: FilePath) -> Bool {
    guard isVisible(name, below: path) else { return false }
    return directory.target.map { isVisible(name, below: FilePath(root: path.root, relative: $0)) } ?? true
  }

  /// The same of a directory that was found to be visible when it was opened.
  private func isVisible(_ name: String, below directory: FilePath) -> Bool {
    if name.utf8.first == UInt8(ascii: "."), !showsDotFiles { return false }
    return hidden.admits(name, directory.appending(name).description)
  }

  // MARK: Reading

  func info(_ path: FilePath) throws(VendorError) -> FileInfo {
    let file = try open(path, .look)
    guard let status = file.status else { throw FileRoot.failure(errno, path.description) }
    return FileInfo(path, status)
  }

  /// The visible entries of a directory by name.
  func list(_ path: FilePath) throws(VendorError) -> [FileInfo] {
    let (entries, isSeen, _) = try entries(of: path)
    let infos = entries.compactMap { $0.isSeen ? $0.info : nil }
    // An empty list would tell that there is such a directory.
    guard isSeen || !infos.isEmpty else { throw Self.absence(path) }
    return infos
  }

  /// - Returns: the entries, each with whether policy lets the caller see it, the same of the directory itself, and whether all that are there could
  ///   be looked at.
  private func entries(of path: FilePath) throws(VendorError) -> (entries: [(info: FileInfo, isSeen: Bool)], isSeen: Bool, isWhole: Bool) {
    let directory = try open(path, .directory)
    let target = directory.target.map { FilePath(root: path.root, relative: $0) }
    var entries: [(info: FileInfo, isSeen: Bool)] = []
    var isWhole = true
    for name in try names(in: directory, path) {
      let child = path.appending(name)
      guard isVisible(name, in: directory, path) else { continue }
      var status = stat()
      guard fstatat(directory.number, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
        isWhole = isWhole && errno == ENOENT
        continue
      }
      guard status.st_mode & S_IFMT == S_IFLNK else {
        let info = FileInfo(child, status)
        entries.append((info, rule == nil || admits(info, target: target?.appending(name))))
        continue
      }
      // What leads out of the root, or nowhere, is not there.
      guard var info = try? info(child) else { continue }
      info.isLink = true
      entries.append((info, true))
    }
    guard rule != nil, let status = directory.status else { return (entries, true, isWhole) }
    return (entries, admits(FileInfo(path, status), target: target), isWhole)
  }

  /// The roots of which the caller sees something.
  var seenRoots: [FileRoot] {
    guard rule != nil else { return roots }
    return roots.filter { root in
      let path = FilePath(root: root.name, relative: "")
      if (try? info(path)) != nil { return true }
      var isSeen = false
      _ = try? walk(path, depth: 64) { _ in
        isSeen = true
        return .stop
      }
      return isSeen
    }
  }

  private func names(in directory: borrowing FileDescriptor, _ path: FilePath) throws(VendorError) -> [String] {
    // The stream takes its descriptor over, and with it the place in the list.
    let owned = openat(directory.number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard owned >= 0 else { throw FileRoot.failure(errno, path.description) }
    guard let stream = fdopendir(owned) else {
      close(owned)
      throw FileRoot.failure(errno, path.description)
    }
    defer { closedir(stream) }
    var names: [String] = []
    while names.count < Self.maximumWalk {
      // The end and a failure are told apart by it alone.
      errno = 0
      guard let entry = readdir(stream) else {
        guard errno == 0 else { throw FileRoot.failure(errno, path.description) }
        break
      }
      let name = withUnsafePointer(to: entry.pointee.d_name) { $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(validatingCString: $0) } }
      if let name, name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// A file to read, and its length.
  func reading<Value>(_ path: FilePath, _ work: (borrowing FileDescriptor, _ length: Int) throws(VendorError) -> Value) throws(VendorError) -> Value {
    // A device may do something when it is opened, and a pipe's other end notices: look first.
    guard try info(path).kind == .file else { throw VendorError(.invalid, "\(path) is no file that can be read.") }
    let file = try open(path, .read)
    guard let status = file.status else { throw FileRoot.failure(errno, path.description) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw VendorError(.invalid, "\(path) is no file that can be read.") }
    return try work(file, Int(status.st_size))
  }

  /// Bytes of a file from `offset` on, at most `count`, and its whole length.
  func read(_ path: FilePath, offset: Int, count: Int) throws(VendorError) -> (bytes: [UInt8], length: Int) {
    try reading(path) { file, length throws(VendorError) in
      (try Self.bytes(of: file, path, offset: offset, count: min(count, max(length - offset, 0))), length)
    }
  }

  /// Fewer where the file ends before.
  static func bytes(of file: borrowing FileDescriptor, _ path: FilePath, offset: Int, count: Int) throws(VendorError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let number = file.number
    var done = 0
    while done < count {
      let read = bytes.withUnsafeMutableBytes { pread(number, $0.baseAddress?.advanced(by: done), count - done, off_t(offset + done)) }
      if read < 0, errno == EINTR { continue }
      guard read >= 0 else { throw FileRoot.failure(errno, path.description) }
      if read == 0 { break }
      done += read
    }
    return done < count ? Array(bytes.prefix(done)) : bytes
  }

  /// Visits files and directories below `path`, directories before what is in them, until `visit` says stop.
  ///
  /// - Parameter skipped: is told which directories cannot be read, or not whole, at the moment.
  /// - Returns: whether all was seen, but for what was skipped.
  func walk(
    _ path: FilePath, depth: Int, _ visit: (FileInfo) -> WalkStep, skipped: (FilePath) -> Void = { _ in }
  ) throws(VendorError) -> Bool {
    var pending: [(FilePath, Int)] = [(path, 0)]
    var seen = 0
    var (isSeen, hasVisited) = (true, false)
    while let (directory, level) = pending.popLast() {
      let entries: [(info: FileInfo, isSeen: Bool)]
      do throws(VendorError) {
        let found = try self.entries(of: directory)
        if directory == path { isSeen = found.isSeen }
        if !found.isWhole { skipped(directory) }
        entries = found.entries
      } catch {
        // One directory that cannot be read does not hide the others; the first one must be there.
        if directory == path { throw error }
        skipped(directory)
        continue
      }
      var below: [(FilePath, Int)] = []
      for (entry, isSeen) in entries {
        seen += 1
        guard seen <= Self.maximumWalk else { return false }
        hasVisited = hasVisited || isSeen
        switch isSeen ? visit(entry) : .next {
        case .stop: return false
        case .skip: continue
        // Not through links: they may lead in a circle.
        case .next: if entry.kind == .directory, !entry.isLink, level + 1 < depth { below.append((entry.path, level + 1)) }
        }
      }
      pending += below.reversed()
    }
    guard isSeen || hasVisited else { throw Self.absence(path) }
    return true
  }

  enum WalkStep { case next, skip, stop }

  // MARK: Writing

  private func checkWritable(_ path: FilePath) throws(VendorError) {
    let root = try root(path)
    guard root.isWritable else { throw VendorError(.forbidden, "The root \(root.name) is read-only.") }
    guard !path.relative.isEmpty else { throw VendorError(.refused, "A root itself cannot be changed.") }
  }

  /// The directory that something is changed in.
  private func writableParent(of path: FilePath) throws(VendorError) -> FileDescriptor {
    try checkWritable(path)
    let parent = try open(path.parent, .directory)
    guard isVisible(path.name, in: parent, path.parent) else { throw VendorError(.notFound, "There is no \(path).") }
    return parent
  }

  /// Which contents a file that may be written has now; nil where there is none.
  func version(of path: FilePath) throws(VendorError) -> FileVersion? {
    let parent = try writableParent(of: path)
    return status(of: path, in: parent).map { FileVersion($0) }
  }

  /// Writes a file whole: beside it, flushed, then put in its place, so that nobody sees half of it.
  ///
  /// - Parameters:
  ///   - replaces: whether a file that is there may be replaced; it hands its owner and mode on.
  ///   - version: the contents that the new ones were made of. Where the file has others by now, nothing is written.
  func write(_ bytes: [UInt8], to path: FilePath, replaces: Bool, madeOf version: FileVersion? = nil) throws(VendorError) -> FileInfo {
    let parent = try writableParent(of: path)
    let known = status(of: path, in: parent)
    try checkMaking(FileInfo(path, .file, bytes: bytes.count), in: parent, replacing: known)
    if let known {
      guard replaces else { throw VendorError(.conflict, "\(path) exists already. Say overwrite to replace it.") }
      // A link is not followed: what it leads to may be meant to stay as it is.
      guard known.st_mode & S_IFMT == S_IFREG else { throw VendorError(.invalid, "\(path) is no file that can be replaced.") }
    }
    let temporary = ".sluice-\(UInt64.random(in: .min ... .max))"
    let number = openat(parent.number, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, known == nil ? 0o644 : 0o600)
    guard number >= 0 else { throw FileRoot.failure(errno, path.description) }
    var isKept = false
    defer { if !isKept { unlinkat(parent.number, temporary, 0) } }
    try fill(FileDescriptor(number), bytes, as: known, path)
    if let version, status(of: path, in: parent).map({ FileVersion($0) }) != version {
      throw VendorError(.conflict, "\(path) was changed by somebody else meanwhile. Nothing was changed; read it again.")
    }
    let renamed =
      known == nil
      ? cfiles_rename_to_new(parent.number, temporary, parent.number, path.name) : renameat(parent.number, temporary, parent.number, path.name)
    guard renamed == 0 else { throw FileRoot.failure(errno, path.description) }
    isKept = true
    fsync(parent.number)
    return try info(path)
  }

  private func fill(_ file: consuming FileDescriptor, _ bytes: [UInt8], as known: stat?, _ path: FilePath) throws(VendorError) {
    let number = file.number
    var rest = bytes[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { writeBytes(number, $0.baseAddress, $0.count) }
      if written < 0, errno == EINTR { continue }
      guard written > 0 else { throw FileRoot.failure(errno, path.description) }
      rest = rest.dropFirst(written)
    }
    if let known {
      // Only root may give files away; then the account that runs Sluice is the owner.
      _ = fchown(number, known.st_uid, known.st_gid)
      guard fchmod(number, known.st_mode & 0o777) == 0 else { throw FileRoot.failure(errno, path.description) }
    }
    guard fsync(number) == 0 else { throw FileRoot.failure(errno, path.description) }
  }

  /// What has the name, a link itself and not what it leads to; nil where nothing has it.
  private func status(of path: FilePath, in parent: borrowing FileDescriptor) -> stat? {
    var status = stat()
    return fstatat(parent.number, path.name, &status, AT_SYMLINK_NOFOLLOW) == 0 ? status : nil
  }

  func makeDirectory(_ path: FilePath) throws(VendorError) -> FileInfo {
    let parent = try writableParent(of: path)
    try checkMaking(FileInfo(path, .directory, bytes: 0), in: parent, replacing: status(of: path, in: parent))
    guard mkdirat(parent.number, path.name, 0o755) == 0 else { throw FileRoot.failure(errno, path.description) }
    return try info(path)
  }

  /// Moves a file or directory; nothing that is there is replaced.
  func move(_ from: FilePath, to path: FilePath) throws(VendorError) -> FileInfo {
    let old = try writableParent(of: from)
    let new = try writableParent(of: path)
    var moved = try info(from)
    // What is in it would have other paths.
    guard moved.kind != .directory || (rule == nil && !hidesByPlace) else {
      throw VendorError(
        .refused, "Some files are hidden by where they are, or from you, so a directory is not moved with what is in it. Move its files one by one.")
    }
    moved.path = path
    try checkMaking(moved, in: new, replacing: status(of: path, in: new))
    guard cfiles_rename_to_new(old.number, from.name, new.number, path.name) == 0 else {
      switch errno {
      case EEXIST: throw FileRoot.failure(EEXIST, path.description)
      case EXDEV: throw VendorError(.refused, "\(from) and \(path) are on different file systems. Write the file anew and delete the old one.")
      case EINVAL: throw VendorError(.refused, "A directory cannot be moved into itself.")
      case let problem: throw FileRoot.failure(problem, from.description)
      }
    }
    return try info(path)
  }

  /// Removes a file, a link (and not what it leads to) or an empty directory.
  func remove(_ path: FilePath) throws(VendorError) {
    let parent = try writableParent(of: path)
    _ = try info(path)
    guard let status = status(of: path, in: parent) else { throw FileRoot.failure(errno, path.description) }
    let flags = status.st_mode & S_IFMT == S_IFDIR ? Int32(AT_REMOVEDIR) : 0
    guard unlinkat(parent.number, path.name, flags) == 0 else { throw FileRoot.failure(errno, path.description) }
  }
}

// The member `write` hides the function of the C library.
private func writeBytes(_ file: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int { write(file, bytes, count) }
