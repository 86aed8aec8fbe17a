import ArgumentParser
import BenchmarkSupport
import Foundation
import JSON

/// The connectors' side of the comparison with vendors' Python clients (Benchmarks/Connectors/compare.py), and the count of allocations.
@main struct ConnectorBench: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "connector-bench", abstract: "Measures how connectors list pages of records.",
    subcommands: [Sources.self, Measure.self, Load.self, Allocations.self])

  struct Sources: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Puts what is listed into the folder, tells it as JSON, and keeps the PostgreSQL that it starts until the end of its input.")

    @OptionGroup var options: SourceOptions

    func run() async throws {
      var told: [JSONValue] = []
      let sources = try options.sources
      for listed in ListedPage.allCases {
        var json: JSONValue = ["subject": .string(listed.rawValue)]
        do {
          let source = try sources.source(of: listed)
          json["page"] = .string(source.description)
          json["rows"] = .int(source.rows)
          json["place"] = .string(source.place)
        } catch let reason as BenchmarkError { json["skipped"] = .string(reason.description) }
        told.append(json)
      }
      print(JSONValue.array(told).text)
      flushOutput()
      while readLine() != nil {}
    }
  }

  struct Measure: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Lists one page again and again for some seconds, and prints the figures as JSON.")

    @Argument var subject: ListedPage
    @OptionGroup var options: SourceOptions
    @Option var warmup = 0.5
    @Option var seconds = 2.0

    func run() async throws {
      let page = try await PageBenchmark(subject, options.sources)
      _ = try await ListWindow(page).measure(seconds: warmup)
      print(try await ListWindow(page).measure(seconds: seconds).json.text)
    }
  }

  struct Load: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Loads the published descriptions of GitHub and Jira up to the list of tools, and fails where that takes longer than it may.")

    @Option(help: "The folder of recorded answers and descriptions of vendors.") var shared = "../shared/data/connectors"
    @Option(help: "Loads of each.") var rounds = 9
    @Option(help: "Seconds that the median load may take.") var bound = 1.0

    func run() async throws {
      var isSlow = false
      for description in DescriptionLoad.all {
        do {
          let load = try await description.measure(shared: URL(filePath: shared), rounds: max(rounds, 1))
          let times = [load.median, load.slowest].map { String(format: "%.0f ms", $0 * 1000) }
          print("\(description.name): \(load.bytes) bytes, \(load.tools) tools: \(times[0]) at the median of \(load.seconds.count), \(times[1]) at most")
          if load.median > bound { isSlow = true }
        } catch let reason as BenchmarkError { print("not measured: \(description.name): \(reason)") }
      }
      if isSlow { throw ExitCode.failure }
    }
  }

  struct Allocations: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Counts allocations a row, and fails where a connector takes more than its threshold.")

    @OptionGroup var options: SourceOptions
    @Option(help: "The folder with one file of thresholds for each compiler.") var thresholds = "Benchmarks/Thresholds"
    @Flag(help: "Writes what was counted as the new thresholds.") var write = false

    func run() async throws {
      try AllocationCount.check()
      let sources = try options.sources
      var counted: [(name: String, count: Double)] = []
      for listed in ListedPage.allCases {
        do {
          let page = try await PageBenchmark(listed, sources)
          let count = try await AllocationCount.of(12) { try await page.list() }
          counted.append((listed.rawValue + "-row", count / Double(page.rows)))
        } catch let reason as BenchmarkError { print("not counted: \(listed.rawValue): \(reason)") }
      }
      let thresholds = AllocationThresholds(folder: thresholds, suffix: "-connectors", decimals: 1)
      if write { try thresholds.write(counted) }
      guard try thresholds.hold(counted) else { throw ExitCode.failure }
    }
  }
}

extension ListedPage: ExpressibleByArgument {}

/// Where what is listed comes from and goes to.
struct SourceOptions: ParsableArguments {
  @Option(help: "The folder for pages, files and database that are listed.") var folder = ".build/bench/connectors"
  @Option(help: "The folder of recorded answers of vendors.") var shared = "../shared/data/connectors"
  @Option(help: "The connection string of a PostgreSQL database that `sources` made; without it one is started.") var postgres: String?

  var sources: PageSources {
    get throws { try PageSources(folder: URL(filePath: folder), shared: URL(filePath: shared), postgres: postgres) }
  }
}
