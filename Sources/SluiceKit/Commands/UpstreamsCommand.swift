internal import ArgumentParser
internal import Gateway

struct UpstreamsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "upstreams", abstract: "Look at the tools of upstreams, and accept changed definitions.", subcommands: [List.self, Accept.self])

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the pinned tools, and which of them have changed.")
    @OptionGroup var options: TokenCommand.StateOptions
    @Argument(help: "Only those of this upstream.")
    var name: String?

    func run() async throws {
      for pin in try await options.store().toolPins(of: name) {
        let state = pin.isChanged ? "CHANGED \(Timestamp.text(seconds: pin.since)), now \(pin.offered.prefix(12))" : "as accepted"
        print("\(pin.upstream)  \(pin.tool)  \(pin.accepted.prefix(12))  \(state)")
      }
    }
  }

  struct Accept: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Accept the definitions that an upstream offers now. A running gateway shows the tools within seconds.",
      discussion: "Look at a definition before you accept it: its description is text that models will follow.")
    @OptionGroup var options: TokenCommand.StateOptions
    @Argument(help: "The upstream.")
    var name: String
    @Argument(help: "The tool, by the upstream's own name; all changed ones if left out.")
    var tool: String?

    func run() async throws {
      let store = try options.store()
      let accepted = try await store.acceptTools(of: name, tool: tool)
      for pin in accepted { print("accepted \(pin.upstream)  \(pin.tool)  \(pin.accepted)") }
      guard accepted.isEmpty else { return }
      let known = try await store.toolPins(of: name)
      guard !known.isEmpty else { throw ValidationError("no tools of \(name) are pinned; see `sluice upstreams list`") }
      if let tool, !known.contains(where: { $0.tool == tool }) { throw ValidationError("\(name) has no tool \(tool); see `sluice upstreams list`") }
      print("nothing has changed")
    }
  }
}
