internal import Crypto
internal import JSON
internal import Ledger
internal import Logging
internal import MCP
internal import NIOCore
internal import Synchronization

/// Writes who did what to the ledger: what cannot be written is not done.
///
/// A leaf counts as written when it is with the kernel: that survives the death of the process. Where policy says
/// `@audit("strict")` it must be on the disk.
final class AuditLog: Sendable {
  struct Configuration: Sendable {
    /// Results up to this size are committed to by hash; larger ones by their size alone.
    var hashedResultBytes = 16 << 10
  }

  private let log: LogWriter
  private let salting: SymmetricSalt
  private let configuration: Configuration
  private let policyVersion: String
  private let logger: Logger
  private let synchronizer: LogSynchronizer
  private let sampling = RefusalSampling()
  private let credentials = CredentialRefusals()

  init(
    log: LogWriter, saltKey: [UInt8], policyVersion: String, configuration: Configuration = Configuration(), logger: Logger
  ) throws(LedgerError) {
    self.log = log
    salting = SymmetricSalt(key: saltKey)
    self.configuration = configuration
    self.policyVersion = policyVersion
    synchronizer = try LogSynchronizer(log: log)
    self.logger = logger
  }

  /// Runs `effect` between its intent leaf and its outcome leaf. The answer is given only when both are written.
  func record(
    _ admitted: consuming AdmittedCall, _ effect: (borrowing RecordedIntent) async throws(Refusal) -> ScreenedAnswer
  ) async throws(Refusal) -> Answer {
    let exchange = admitted.permit.call.exchange
    if admitted.permit.call.upstream == nil { return try await recordAccess(admitted, effect) }

    let salt = salting.hash(for: exchange.id)
    let index = try write(intent(admitted, salt))
    if admitted.permit.isStrict { try await synchronize() }
    let entry = RecordedIntent(admitted)
    let result: Result<ScreenedAnswer, Refusal>
    do throws(Refusal) { result = .success(try await effect(entry)) } catch { result = .failure(error) }
    var outcome = AuditLeaf(.outcome, exchange.id, time: WallTime.milliseconds())
    outcome.member("intent", Int(index))
    switch result {
    case .success(let answer): describe(answer, exchange, salt, in: &outcome)
    case .failure(let error):
      outcome.member("result", error.auditDescription)
      outcome.member("ms", Int((NIODeadline.now() - exchange.started).nanoseconds / 1_000_000))
    }
    exchange.asked.withLock { $0.write(to: &outcome) }
    do throws(Refusal) { _ = try write(outcome.finish()) } catch {
      var error = error
      error.message = "The audit log cannot be written, so the answer is withheld. The request may have had its effect; check before you repeat it."
      throw error.recorded
    }
    switch result {
    case .success(let answer): return answer.failure.map { .failure($0) } ?? .result(answer.result)
    case .failure(let error): throw error.recorded
    }
  }

  /// Lists have no effect: one leaf says that they were given.
  private func recordAccess(
    _ admitted: consuming AdmittedCall, _ effect: (borrowing RecordedIntent) async throws(Refusal) -> ScreenedAnswer
  ) async throws(Refusal) -> Answer {
    let exchange = admitted.permit.call.exchange
    let call = admitted.permit.call
    let answer = try await effect(RecordedIntent(admitted))
    var leaf = AuditLeaf(.access, exchange.id, time: exchange.time)
    leaf.who(exchange.principal, exchange.context)
    leaf.what(call)
    leaf.member("bytes", answer.result.readableBytes)
    _ = try write(leaf.finish())
    return .result(answer.result)
  }

  /// Answers a refusal, after writing it down unless a stage has. Where that cannot be written the answer is still a refusal.
  func refuse(_ refusal: Refusal, _ request: Envelope, _ context: RequestContext, _ exchange: Exchange?) -> Answer {
    if let detail = refusal.detail {
      logger.warning("refused", metadata: ["code": "\(refusal.code.rawValue)", "detail": "\(detail)", "exchange": "\(exchange?.id.description ?? "-")"])
    }
    if !refusal.isRecorded, let exchange, let unwritten = sampling.admit(refusal, exchange) {
      var leaf = AuditLeaf(.refusal, exchange.id, time: exchange.time)
      leaf.who(exchange.principal, context)
      leaf.what(request)
      leaf.member("result", refusal.auditDescription)
      if unwritten > 0 { leaf.member("unwritten", unwritten) }
      do throws(Refusal) { _ = try write(leaf.finish()) } catch {
        return error.answer(to: request.method, era: context.era)
      }
    }
    return refusal.answer(to: request.method, era: context.era)
  }

  /// Writes that a tool is not what it was.
  func note(_ change: ToolPins.Change, of tool: ToolEntry, before: String) {
    var leaf = AuditLeaf(.definition, ExchangeID(), time: WallTime.milliseconds())
    leaf.what(tool, before: before)
    leaf.member("result", change.rawValue)
    writeIfPossible(leaf.finish())
  }

  /// Writes that a credential was refused, or counts it for a later leaf.
  func noteRefusedCredential(_ reason: String, address: String?) {
    let time = WallTime.milliseconds()
    guard let unwritten = credentials.admit(at: time) else { return }
    var leaf = AuditLeaf(.refusal, ExchangeID(), time: time)
    leaf.whence(address)
    leaf.member("result", ["refused": "unauthenticated", "by": "client", "reason": .string(reason)])
    if unwritten > 0 { leaf.member("unwritten", unwritten) }
    writeIfPossible(leaf.finish())
  }

  /// For what has happened, or will not, whether it is written or not.
  private func writeIfPossible(_ leaf: ByteBuffer) {
    do throws(Refusal) { _ = try write(leaf) } catch {
      logger.error("a leaf could not be written", metadata: ["detail": "\(error.detail ?? "")", "leaf": "\(String(buffer: leaf))"])
    }
  }

  /// Serves calls that wait for the disk, until the task is cancelled.
  func run() async { await synchronizer.run() }

  // MARK: Leaves

  private func intent(_ admitted: borrowing AdmittedCall, _ salt: SHA256) -> ByteBuffer {
    let exchange = admitted.permit.call.exchange
    var leaf = AuditLeaf(.intent, exchange.id, time: exchange.time)
    leaf.who(exchange.principal, exchange.context)
    leaf.what(admitted.permit.call)
    leaf.why(admitted.permit.purpose)
    leaf.policy(policyVersion, admitted.permit.reasons)
    if let responses = exchange.request["inputResponses"] {
      responses.withBytes { leaf.commitment("inputs", salt: salt, UnsafeRawBufferPointer($0)) }
    }
    if admitted.permit.call.isByName { leaf.member("via", ToolDiscovery.callName) }
    if let arguments = admitted.permit.call.arguments {
      arguments.withBytes { leaf.commitment("arguments", salt: salt, UnsafeRawBufferPointer($0)) }
    }
    return leaf.finish()
  }

  private func describe(_ answer: ScreenedAnswer, _ exchange: Exchange, _ salt: SHA256, in leaf: inout AuditLeaf) {
    leaf.member("result", answer.isQuestion ? "input_required" : answer.isError ? "error" : "ok")
    answer.result.withUnsafeReadableBytes { leaf.commitment("answer", salt: salt, $0, hashing: configuration.hashedResultBytes) }
    if let screening = answer.screening { leaf.member("screening", screening) }
    leaf.member("ms", Int((NIODeadline.now() - exchange.started).nanoseconds / 1_000_000))
  }

  // MARK: Writing

  private func write(_ leaf: ByteBuffer) throws(Refusal) -> UInt64 {
    do { return try leaf.withUnsafeReadableBytes { try log.append($0) } } catch { throw unavailable(error) }
  }

  /// Returns when the disk has all leaves.
  private func synchronize() async throws(Refusal) {
    do throws(LedgerError) { try await synchronizer.synchronize() } catch { throw unavailable(error) }
  }

  private func unavailable(_ error: any Error) -> Refusal {
    Refusal(
      .auditUnavailable, .gateway, "The audit log cannot be written, so nothing is done. Try again later; operators find the reason in the log.",
      detail: "\(error)", retryAfter: 5)
  }
}

/// Derives a salt for each exchange from one secret, so that salts need not be stored and one can be shown without the others.
struct SymmetricSalt: Sendable {
  private let key: [UInt8]

  init(key: [UInt8]) { self.key = key }

  /// The 32 bytes that go before what an exchange commits to.
  func salt(for exchange: ExchangeID) -> SHA256.Digest {
    var hash = SHA256()
    // A key and an id of fixed length: no extension of one input gives another.
    key.withUnsafeBytes { hash.update(bufferPointer: $0) }
    withUnsafeBytes(of: (exchange.high.bigEndian, exchange.low.bigEndian)) { hash.update(bufferPointer: $0) }
    return hash.finalize()
  }

  func hash(for exchange: ExchangeID) -> SHA256 {
    var hash = SHA256()
    salt(for: exchange).withUnsafeBytes { hash.update(bufferPointer: $0) }
    return hash
  }
}
