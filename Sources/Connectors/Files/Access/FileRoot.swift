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
    guard descriptor >= 0 else { throw ConnectorError("the directory \(path) cannot be opened: \(String(cString: strerror(errno)))") }
    self.name = name
    self.path = path
    self.isWritable = isWritable
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// How something below the root is opened.
  enum Way {
    case directory
    /// Without waiting for the other end of a named pipe.
    case read
    /// To be looked at only: neither its contents nor who waits at the other end of a pipe are touched.
    case look

    fileprivate var flags: Int32 {
      switch self {
      case .directory: O_RDONLY | O_DIRECTORY
      case .read: O_RDONLY | O_NONBLOCK
      case .look: cfiles_flags_to_look()
      }
    }
  }

  /// Opens something below the root. Symbolic links that stay below it are followed where the kernel can see to that;
  /// ``FileDescriptor/target`` then says where they led.
  func open(_ relative: String, _ way: Way) throws(VendorError) -> FileDescriptor {
    let path = relative.isEmpty ? "." : relative
    var opened = cfiles_open_beneath(descriptor, path, way.flags, 0)
    if opened >= 0 { return FileDescriptor(opened) }
    guard errno == ELOOP else { throw Self.failure(errno, name + "/" + relative) }
    opened = cfiles_open_beneath(descriptor, path, way.flags, 1)
    guard opened >= 0 else { throw Self.failure(errno, name + "/" + relative) }
    // What cannot be told apart from what is hidden is not there.
    guard let place = Self.place(of: opened), let base = Self.place(of: descriptor), place == base || place.hasPrefix(base == "/" ? base : base + "/") else {
      close(opened)
      throw VendorError(.notFound, "There is no \(name)/\(relative).")
    }
    return FileDescriptor(opened, target: String(place.dropFirst(base == "/" ? 1 : base.count + 1)))
  }

  /// Where on this machine an open file is, as the kernel tells.
  private static func place(of descriptor: Int32) -> String? {
    var buffer = [CChar](repeating: 0, count: 4097)
    let count = readlink("/proc/self/fd/\(descriptor)", &buffer, buffer.count)
    guard count > 0, count < buffer.count else { return nil }
    return String(validating: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
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
  /// Where below the root symbolic links led; nil where there was none on the way.
  let target: String?

  init(_ number: Int32, target: String? = nil) {
    self.number = number
    self.target = target
  }
  deinit { close(number) }

  var status: stat? {
    var status = stat()
    return fstat(number, &status) == 0 ? status : nil
  }
}

// The member `open` hides the function of the C library.
private func openDirectory(_ path: String) -> Int32 { open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
