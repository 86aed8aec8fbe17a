internal import Foundation

/// Programs of this machine that connectors run, where they are there.
public enum Programs {
  public static func has(_ name: String) -> Bool { FileManager.default.isExecutableFile(atPath: "/usr/bin/\(name)") }
}
