internal import CFiles
internal import ConnectorKit

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// A directory whose files may be reached, held open: every path is resolved by the kernel below it, so that neither `..` nor a
/// symbolic link, nor one that is put there in between, leads out.
final class FileRoot: Sendable {
  let name: String
  /// Where it is on this machine. Never shown: clients see the name.
  let path: String
  let isWritable: Bool
  private let descriptor: Int32

  init(name: String, path: String, isWritable: Bool) throws(ConnectorError) {
    let descriptor = openDirectory(path)
    guard descriptor >= 0 else { throw ConnectorError("roots.\(name): the directory \(path) cannot be opened: \(String(cString: strerror(errno)))") }
    self.name = name
    self.path = path
    self.isWritable = isWritable
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// A descriptor of something below the root, for the caller to close.
  func open(_ relative: String, _ flags: Int32, mode: mode_t = 0o644) throws(VendorError) -> FileDescriptor {
    guard !relative.utf8.contains(0) else { throw VendorError(.refused, "A path cannot hold a NUL byte.") }
    let opened = cfiles_open_beneath(descriptor, relative.isEmpty ? "." : relative, flags, mode)
    guard opened >= 0 else { throw Self.failure(errno, name + "/" + relative) }
    return FileDescriptor(opened)
  }

  /// What the system's refusal means for who asked. What lies outside is answered like what does not exist.
  static func failure(_ number: Int32, _ path: String) -> VendorError {
    switch number {
    case ENOENT, ENOTDIR, EXDEV, ELOOP: VendorError(.notFound, "There is no \(path).")
    case EACCES, EPERM, EROFS: VendorError(.forbidden, "\(path) may not be opened by the account that Sluice runs as.")
    case EEXIST: VendorError(.conflict, "\(path) exists already.")
    case EISDIR: VendorError(.invalid, "\(path) is a directory.")
    case ENOTEMPTY: VendorError(.conflict, "\(path) is not empty.")
    case ENAMETOOLONG: VendorError(.refused, "The path is too long.")
    case ENOSPC, EDQUOT: VendorError(.unavailable, "There is no room left for \(path).")
    default: VendorError(.unavailable, "\(path) cannot be used: \(String(cString: strerror(number))).")
    }
  }
}

/// An open file, closed at the end of its life.
struct FileDescriptor: ~Copyable {
  let number: Int32
  init(_ number: Int32) { self.number = number }
  deinit { close(number) }

  var status: stat? {
    var status = stat()
    return fstat(number, &status) == 0 ? status : nil
  }
}

// The member `open` hides the function of the C library.
private func openDirectory(_ path: String) -> Int32 { open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
