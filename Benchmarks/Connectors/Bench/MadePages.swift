import BenchmarkSupport
import Foundation
import GRDB
import JSON

/// What no recording is at hand for, made here in the shape in which it comes.
enum MadePages {
  static let files = 1000
  static let orders = 500

  /// Files as `files.list` describes them (Drive API v3, "Files"), with the fields that the connector asks for.
  static func googleDrive() -> RecordedPages.Page {
    let types = [
      "application/vnd.google-apps.document", "application/vnd.google-apps.spreadsheet", "application/pdf", "image/png",
      "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ]
    let files = (0..<200).map { number -> JSONValue in
      let id = "1AbCdEfGhIjKlMnOpQrStUvWxYz\(10_000 + number)"
      var file: JSONValue = [
        "id": .string(id), "name": .string("Report \(number) of the third quarter"), "mimeType": .string(types[number % types.count]),
        "owners": [["displayName": .string("Person \(number % 9)"), "emailAddress": .string("person\(number % 9)@example.com")]], "shared": true,
        "permissions": [["type": "user"], ["type": "user"], ["type": number % 4 == 0 ? "domain" : "group"]], "parents": ["0BfolderOfReportsXyZ"],
        "createdTime": "2026-07-28T10:00:00.000Z", "modifiedTime": "2026-11-01T09:30:00.000Z",
        "lastModifyingUser": ["emailAddress": .string("person\(number % 7)@example.com")], "starred": .bool(number % 11 == 0), "trashed": false,
        "version": .string(String(100 + number)), "webViewLink": .string("https://drive.google.com/file/d/\(id)/view?usp=drivesdk"),
      ]
      if number % types.count > 1 {
        file["size"] = .string(String(20_000 + 37 * number))
        file["md5Checksum"] = "5d41402abc4b2a76b9719d911017c592"
      }
      return file
    }
    return RecordedPages.Page(json: ["files": .array(files), "incompleteSearch": false], rows: files.count, description: "200 files made here in Drive's shape")
  }

  /// - Returns: the path of a folder with ``files`` empty files.
  static func makeFiles(in folder: URL) throws -> String {
    try? FileManager.default.removeItem(at: folder)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for number in 0..<files {
      let name = "report-\(10_000 + number).\(["txt", "md", "csv"][number % 3])"
      guard FileManager.default.createFile(atPath: folder.appending(path: name).path, contents: nil) else {
        throw BenchmarkError("no file can be made in \(folder.path)")
      }
    }
    return folder.path
  }

  /// A table of ``orders`` rows, for both databases.
  static let ordersSQL: String = {
    let statuses = ["open", "paid", "sent", "returned"]
    let rows = (1...orders).map { number in
      "(\(number), 'Customer \(number % 83)', 'Article \(number % 17), in \"large\"', \(number % 9 + 1), \(Double(number) + 0.5), '\(statuses[number % 4])', "
        + "'2026-11-\(10 + number % 18)T08:00:00Z', \(number % 5 == 0 ? "NULL" : "'To be left with the neighbour if nobody opens.'"))"
    }
    return """
      CREATE TABLE orders (id INTEGER PRIMARY KEY, customer TEXT NOT NULL, article TEXT NOT NULL, quantity INTEGER NOT NULL, price DOUBLE PRECISION NOT NULL,
        status TEXT NOT NULL, ordered TEXT NOT NULL, note TEXT);
      INSERT INTO orders VALUES \(rows.joined(separator: ", "));
      """
  }()

  /// - Returns: the path of an SQLite file with the table.
  static func makeSQLite(in folder: URL) throws -> String {
    let file = folder.appending(path: "orders.sqlite")
    for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: file.path + suffix) }
    let queue = try DatabaseQueue(path: file.path)
    try queue.write { try $0.execute(sql: ordersSQL) }
    try queue.close()
    return file.path
  }
}
