internal import Foundation
internal import Synchronization

/// A PostgreSQL 15 of this test process, on a socket in a directory of its own. It ends with the process, however that ends.
package struct PostgresCluster: Sendable {
  package struct Unavailable: Error, CustomStringConvertible { package let description: String }

  package static let programs = "/usr/lib/postgresql/15/bin"
  /// For the trait that skips what needs it.
  package static let isInstalled = FileManager.default.isExecutableFile(atPath: "\(programs)/initdb")
  package static let skipReason: String = "PostgreSQL 15 is not installed (apt-get install postgresql-15): nothing of the connector was tested against it"

  package let directory: String
  /// A port on 127.0.0.1, with TLS.
  package let port: Int

  package static let shared: Result<PostgresCluster, Unavailable> = Result { () throws(Unavailable) in try start() }

  /// The shell outlives this process: it waits for the end of its standard input, then ends the server and removes the directory.
  private static let script = """
    set -e
    dir=$1; bin=$2; port=$3
    chmod 755 "$dir"
    run=
    if [ "$(id -u)" = 0 ]; then chown postgres "$dir"; run="setpriv --reuid=postgres --regid=postgres --clear-groups"; fi
    cd "$dir"
    $run "$bin/initdb" -D "$dir/data" -A trust -U admin --no-sync -E UTF8 --locale=C >"$dir/log" 2>&1
    tls=
    if $run openssl req -new -x509 -days 2 -nodes -subj /CN=localhost -newkey rsa:2048 -keyout "$dir/data/server.key" -out "$dir/data/server.crt" >>"$dir/log" 2>&1; then
      $run chmod 600 "$dir/data/server.key"; tls="-c ssl=on"
    fi
    $run "$bin/postgres" -D "$dir/data" -k "$dir" -p "$port" -c listen_addresses=127.0.0.1 $tls -c fsync=off -c max_connections=300 -c shared_buffers=32MB >>"$dir/log" 2>&1 </dev/null &
    pid=$!
    n=0
    until "$bin/pg_isready" -q -h "$dir" -p "$port"; do n=$((n+1)); [ $n -lt 300 ] || break; sleep 0.1; done
    echo ready
    cat >/dev/null
    kill -INT $pid; wait $pid || true
    rm -rf "$dir"
    """

  private static let input = Mutex<Pipe?>(nil)

  private static func start() throws(Unavailable) -> PostgresCluster {
    guard isInstalled else { throw Unavailable(description: skipReason) }
    let directory = "/tmp/sluice-pg-\(UUID().uuidString.prefix(8))"
    do {
      try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
      let port = try freePort()
      let process = Process(), output = Pipe(), standardInput = Pipe()
      process.executableURL = URL(fileURLWithPath: "/bin/sh")
      process.arguments = ["-c", script, "sh", directory, programs, String(port)]
      process.standardInput = standardInput
      process.standardOutput = output
      process.standardError = FileHandle.nullDevice
      try process.run()
      input.withLock { $0 = standardInput }
      let said = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
      guard said.contains("ready") else {
        let log = (try? String(contentsOfFile: "\(directory)/log", encoding: .utf8)) ?? ""
        throw Unavailable(description: "PostgreSQL did not start: \(log.suffix(2000))")
      }
      return PostgresCluster(directory: directory, port: port)
    } catch let error as Unavailable { throw error } catch { throw Unavailable(description: "\(error)") }
  }

  /// A port that is free, below those that the system gives out by itself: nobody else gets it before it is used.
  private static func freePort() throws -> Int {
    guard let port = (28_000..<32_000).shuffled().first(where: isFree) else { throw Unavailable(description: "no free port") }
    return port
  }

  private static func isFree(_ port: Int) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0 }
    }
  }

  // MARK: Databases

  package func connectionString(_ database: String, user: String = "admin") -> String { "host=\(directory) port=\(port) dbname=\(database) user=\(user)" }

  /// Runs SQL by psql, without any of our code.
  ///
  /// - Returns: what it prints, unaligned and without headings.
  @discardableResult package func psql(_ sql: String, database: String = "postgres") throws -> String {
    let process = Process(), output = Pipe(), errors = Pipe(), input = Pipe()
    process.executableURL = URL(fileURLWithPath: "\(Self.programs)/psql")
    process.arguments = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", connectionString(database), "-f", "-"]
    process.standardInput = input
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    input.fileHandleForWriting.write(Data(sql.utf8))
    try input.fileHandleForWriting.close()
    let said = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    let complaint = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Unavailable(description: "psql: \(complaint)") }
    return said.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// Makes a database.
  ///
  /// - Parameter options: such as an encoding.
  package func makeDatabase(_ sql: String = "", options: String = "") throws -> String {
    let name = "t\(UUID().uuidString.lowercased().filter { $0 != "-" })"
    try psql("CREATE DATABASE \(name) TEMPLATE template0 \(options)")
    if !sql.isEmpty { try psql(sql, database: name) }
    return name
  }
}
