#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// The functions of libpq (PostgreSQL, "libpq — C Library"), looked up when a PostgreSQL database is first configured.
///
/// The library is loaded by name instead of linked: building needs nothing of PostgreSQL, and a binary runs on a machine that
/// has none until a configuration asks for it. docs/adr/0015-libpq.md says more.
struct LibPQ: Sendable {
  typealias Text = UnsafePointer<CChar>
  let connectStart: @convention(c) (UnsafePointer<Text?>?, UnsafePointer<Text?>?, CInt) -> OpaquePointer?
  let connectPoll: @convention(c) (OpaquePointer?) -> UInt32
  let status: @convention(c) (OpaquePointer?) -> UInt32
  let socket: @convention(c) (OpaquePointer?) -> CInt
  let finish: @convention(c) (OpaquePointer?) -> Void
  let errorMessage: @convention(c) (OpaquePointer?) -> Text?
  let setNonblocking: @convention(c) (OpaquePointer?, CInt) -> CInt
  let flush: @convention(c) (OpaquePointer?) -> CInt
  let setNoticeReceiver:
    @convention(c) (OpaquePointer?, (@convention(c) (UnsafeMutableRawPointer?, OpaquePointer?) -> Void)?, UnsafeMutableRawPointer?) -> UnsafeRawPointer?
  let sendQuery: @convention(c) (OpaquePointer?, Text?) -> CInt
  let sendQueryParams:
    @convention(c) (OpaquePointer?, Text?, CInt, UnsafePointer<UInt32>?, UnsafePointer<Text?>?, UnsafePointer<CInt>?, UnsafePointer<CInt>?, CInt) -> CInt
  let sendPrepare: @convention(c) (OpaquePointer?, Text?, Text?, CInt, UnsafePointer<UInt32>?) -> CInt
  let sendDescribePrepared: @convention(c) (OpaquePointer?, Text?) -> CInt
  let setSingleRowMode: @convention(c) (OpaquePointer?) -> CInt
  let consumeInput: @convention(c) (OpaquePointer?) -> CInt
  let isBusy: @convention(c) (OpaquePointer?) -> CInt
  let getResult: @convention(c) (OpaquePointer?) -> OpaquePointer?
  let resultStatus: @convention(c) (OpaquePointer?) -> UInt32
  let resultErrorField: @convention(c) (OpaquePointer?, CInt) -> Text?
  let rowCount: @convention(c) (OpaquePointer?) -> CInt
  let fieldCount: @convention(c) (OpaquePointer?) -> CInt
  let fieldName: @convention(c) (OpaquePointer?, CInt) -> Text?
  let fieldType: @convention(c) (OpaquePointer?, CInt) -> UInt32
  let value: @convention(c) (OpaquePointer?, CInt, CInt) -> UnsafePointer<UInt8>?
  let length: @convention(c) (OpaquePointer?, CInt, CInt) -> CInt
  let isNull: @convention(c) (OpaquePointer?, CInt, CInt) -> CInt
  let clear: @convention(c) (OpaquePointer?) -> Void
  let getCancel: @convention(c) (OpaquePointer?) -> OpaquePointer?
  let cancel: @convention(c) (OpaquePointer?, UnsafeMutablePointer<CChar>?, CInt) -> CInt
  let freeCancel: @convention(c) (OpaquePointer?) -> Void
  let notifies: @convention(c) (OpaquePointer?) -> UnsafeMutableRawPointer?
  let freeMemory: @convention(c) (UnsafeMutableRawPointer?) -> Void
  let parameterStatus: @convention(c) (OpaquePointer?, Text?) -> Text?
  let transactionStatus: @convention(c) (OpaquePointer?) -> UInt32
  let parseConnectionString: @convention(c) (Text?, UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer?
  let freeOptions: @convention(c) (UnsafeMutableRawPointer?) -> Void

  /// Where ``notifies`` points: `PGnotify`, whose first members are public.
  struct Notification {
    var channel: UnsafeMutablePointer<CChar>?
    var process: CInt
    var payload: UnsafeMutablePointer<CChar>?
  }

  /// Where ``parseConnectionString`` points: an array of `PQconninfoOption` that ends with one without keyword.
  struct Option {
    var keyword: UnsafePointer<CChar>?
    var variable: UnsafePointer<CChar>?
    var compiled: UnsafePointer<CChar>?
    var value: UnsafePointer<CChar>?
    var label: UnsafePointer<CChar>?
    var display: UnsafePointer<CChar>?
    var displaySize: CInt
  }

  enum Status {
    static let ok: UInt32 = 0
    // PGpolling
    static let pollingFailed: UInt32 = 0, pollingReading: UInt32 = 1, pollingWriting: UInt32 = 2, pollingOK: UInt32 = 3
    // PGRES
    static let emptyQuery: UInt32 = 0, commandOK: UInt32 = 1, tuplesOK: UInt32 = 2, nonfatalError: UInt32 = 6, singleTuple: UInt32 = 9
    static let transactionIdle: UInt32 = 0
  }
  enum Field {
    static let sqlState: CInt = 67, message: CInt = 77, hint: CInt = 72, position: CInt = 80
    static let constraint: CInt = 110, column: CInt = 99
  }

  /// The library, or why it cannot be had.
  static let loaded: Result<LibPQ, SQLConnectorError> = Result { () throws(SQLConnectorError) in try LibPQ() }

  private static let names = [
    "libpq.so.5", "libpq.5.dylib", "/opt/homebrew/opt/libpq/lib/libpq.5.dylib", "/usr/local/opt/libpq/lib/libpq.5.dylib",
  ]

  private init() throws(SQLConnectorError) {
    guard let library = Self.names.lazy.compactMap({ dlopen($0, RTLD_NOW | RTLD_LOCAL) }).first else {
      throw SQLConnectorError(
        "libpq, the client library of PostgreSQL, is not on this machine. Install it: apt-get install libpq5 (Debian, Ubuntu), brew install libpq (macOS).")
    }
    connectStart = try Self.find("PQconnectStartParams", in: library)
    connectPoll = try Self.find("PQconnectPoll", in: library)
    status = try Self.find("PQstatus", in: library)
    socket = try Self.find("PQsocket", in: library)
    finish = try Self.find("PQfinish", in: library)
    errorMessage = try Self.find("PQerrorMessage", in: library)
    setNonblocking = try Self.find("PQsetnonblocking", in: library)
    flush = try Self.find("PQflush", in: library)
    setNoticeReceiver = try Self.find("PQsetNoticeReceiver", in: library)
    sendQuery = try Self.find("PQsendQuery", in: library)
    sendQueryParams = try Self.find("PQsendQueryParams", in: library)
    sendPrepare = try Self.find("PQsendPrepare", in: library)
    sendDescribePrepared = try Self.find("PQsendDescribePrepared", in: library)
    setSingleRowMode = try Self.find("PQsetSingleRowMode", in: library)
    consumeInput = try Self.find("PQconsumeInput", in: library)
    isBusy = try Self.find("PQisBusy", in: library)
    getResult = try Self.find("PQgetResult", in: library)
    resultStatus = try Self.find("PQresultStatus", in: library)
    resultErrorField = try Self.find("PQresultErrorField", in: library)
    rowCount = try Self.find("PQntuples", in: library)
    fieldCount = try Self.find("PQnfields", in: library)
    fieldName = try Self.find("PQfname", in: library)
    fieldType = try Self.find("PQftype", in: library)
    value = try Self.find("PQgetvalue", in: library)
    length = try Self.find("PQgetlength", in: library)
    isNull = try Self.find("PQgetisnull", in: library)
    clear = try Self.find("PQclear", in: library)
    getCancel = try Self.find("PQgetCancel", in: library)
    cancel = try Self.find("PQcancel", in: library)
    freeCancel = try Self.find("PQfreeCancel", in: library)
    notifies = try Self.find("PQnotifies", in: library)
    freeMemory = try Self.find("PQfreemem", in: library)
    parseConnectionString = try Self.find("PQconninfoParse", in: library)
    freeOptions = try Self.find("PQconninfoFree", in: library)
    parameterStatus = try Self.find("PQparameterStatus", in: library)
    transactionStatus = try Self.find("PQtransactionStatus", in: library)
  }

  /// The types are those of libpq-fe.h; what is used here has been stable since version 9.2.
  private static func find<Function>(_ name: String, in library: UnsafeMutableRawPointer) throws(SQLConnectorError) -> Function {
    guard let symbol = dlsym(library, name) else {
      throw SQLConnectorError("libpq on this machine is too old: it has no \(name). Install version 9.2 or newer.")
    }
    return unsafeBitCast(symbol, to: Function.self)
  }
}
