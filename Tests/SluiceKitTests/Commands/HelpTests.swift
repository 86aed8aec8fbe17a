import ArgumentParser
import Foundation
import Testing

@testable import SluiceKit

/// The help of the commands as files, so that a change of the command line shows as a difference.
@Suite("The help of the commands")
struct HelpTests {
  private static let directory = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appending(path: "Golden/help")

  static let commands: [(name: String, command: any ParsableCommand.Type)] = [
    ("inspect", InspectCommand.self), ("new", NewCommand.self), ("new-server", NewCommand.Server.self), ("new-connector", NewCommand.Connector.self),
    ("pack", PackCommand.self),
  ]

  @Test("is the one in Golden/help", arguments: commands.map(\.name))
  func help(_ name: String) throws {
    let command = try #require(Self.commands.first { $0.name == name }?.command)
    let text = SluiceCommand.helpMessage(for: command, columns: 100) + "\n"
    let file = Self.directory.appending(path: "\(name).txt")
    if ProcessInfo.processInfo.environment["SLUICE_UPDATE_GOLDEN"] == "1" {
      try FileManager.default.createDirectory(at: Self.directory, withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
    }
    let golden = String(decoding: try Data(contentsOf: file), as: UTF8.self)
    #expect(text == golden, "Golden/help/\(name).txt; SLUICE_UPDATE_GOLDEN=1 rewrites it")
  }
}
