import BenchmarkSupport
import Foundation
import JSON
import MCP
import NIOCore
import PostgresFixture

/// What is listed: answers as vendors send them, a folder of files, databases. Both sides of the comparison list the same.
struct PageSources: Sendable {
  struct Source: Sendable {
    var rows: Int
    /// Where the other side finds it: a file, a folder, a connection string.
    var place: String
    /// What it is, and where it is from.
    var description: String
    /// A vendor's answer; nil where records do not come as one.
    var body: ByteBuffer?
  }

  private let folder: URL
  let recorded: RecordedPages
  private let postgres: String?

  /// - Parameters:
  ///   - folder: made if it is not there; what is in it is written anew.
  ///   - shared: recorded answers of vendors.
  ///   - postgres: a database that was filled before.
  init(folder: URL, shared: URL, postgres: String?) throws {
    let folder = folder.absoluteURL
    self.folder = folder
    self.postgres = postgres
    recorded = RecordedPages(shared.absoluteURL)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  /// - Throws: ``BenchmarkError`` that says what is not there.
  func source(of listed: ListedPage) throws -> Source {
    switch listed {
    case .slack: try written(listed, recorded.slack())
    case .github, .openapi: try written(listed, recorded.github())
    case .jira: try written(listed, recorded.jira())
    case .salesforce: try written(listed, recorded.salesforce())
    case .googleDrive: try written(listed, MadePages.googleDrive())
    case .files:
      Source(rows: MadePages.files, place: try MadePages.makeFiles(in: folder.appending(path: "files")), description: "a folder of empty files, made here", body: nil)
    case .sqlite: Source(rows: MadePages.orders, place: try MadePages.makeSQLite(in: folder), description: "a table made here", body: nil)
    case .postgres: Source(rows: MadePages.orders, place: try madePostgres(), description: "a table made here", body: nil)
    }
  }

  private func written(_ listed: ListedPage, _ page: RecordedPages.Page) throws -> Source {
    let body = ByteBuffer(page.json)
    let file = folder.appending(path: listed.rawValue + ".json")
    try Data(body.readableBytesView).write(to: file)
    return Source(rows: page.rows, place: file.path, description: page.description, body: body)
  }

  private func madePostgres() throws -> String {
    if let postgres { return postgres }
    guard PostgresCluster.isInstalled else { throw BenchmarkError("PostgreSQL 15 is not installed (apt-get install postgresql-15)") }
    do {
      let cluster = try PostgresCluster.shared.get()
      return cluster.connectionString(try cluster.makeDatabase(MadePages.ordersSQL))
    } catch let error as PostgresCluster.Unavailable { throw BenchmarkError(error.description) }
  }
}
