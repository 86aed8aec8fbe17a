internal import ArgumentParser

struct InitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init", abstract: "Write a commented sluice.yaml that serves as it is.",
    discussion: "With --import, the servers of a claude_desktop_config.json become its upstreams.")

  @Option(name: .shortAndLong, help: "The file to write.")
  var config = "sluice.yaml"
  @Option(name: .customLong("import"), help: "A claude_desktop_config.json to take servers from.")
  var source: String?
  @Flag(help: "Overwrite the file if it exists.")
  var force = false

  func run() async throws {
    guard force || !FileText.exists(config) else { throw ValidationError("\(config) exists; --force overwrites it") }
    var upstreams = ConfigurationTemplate.noUpstreams
    if let source {
      guard let text = FileText.read(source) else { throw ValidationError("the file \(source) cannot be read") }
      upstreams = try ClaudeDesktopConfiguration(parsing: text, file: source).yaml
    }
    guard FileText.writePrivately(ConfigurationTemplate.text(user: ConfigurationTemplate.currentUser, upstreams: upstreams), to: config) else {
      throw ValidationError("\(config) cannot be written")
    }
    print(
      """
      wrote \(config). Next:
        sluice token create --config \(config) --user \(ConfigurationTemplate.currentUser)
        sluice serve --config \(config)
      """)
  }
}
