#if os(Linux)
  internal import Foundation

  /// The pages of the program that only its start needs.
  ///
  /// Relocating, and the Swift runtime's look at the conformances of every library, map most of a program of 90 MB; serving needs a
  /// fraction. Code is a clean copy of the file: letting go of it loses nothing, and what is used again comes back from the page cache.
  enum StartupPages {
    /// Unmaps the pages of the program's own code (madvise(2), `MADV_DONTNEED`). What can be written, or could be before relocation, stays.
    static func release() {
      guard let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"),
        let maps = try? String(contentsOfFile: "/proc/self/maps", encoding: .utf8)
      else { return }
      // proc_pid_maps(5): 5581f0a00000-5581f2000000 r-xp 00000000 fe:00 5308426    /usr/local/bin/sluice
      for line in maps.split(separator: "\n") where line.hasSuffix(" \(program)") {
        let fields = line.split(separator: " ", maxSplits: 2)
        guard fields.count == 3, fields[1] == "r-xp" else { continue }
        let bounds = fields[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
        guard bounds.count == 2, let start = UnsafeMutableRawPointer(bitPattern: bounds[0]) else { continue }
        _ = madvise(start, Int(bounds[1] - bounds[0]), MADV_DONTNEED)
      }
    }
  }
#endif
