internal import ConnectorKit
internal import JSON

/// Sends operations with the credentials of those who call.
struct OperationCaller: Sendable {
  let api: VendorAPI
  let schemes: SecuritySchemes

  /// - Parameter arguments: checked against the tool's schema before.
  func send(_ operation: Operation, _ arguments: RawJSON, as subject: Subject, maximumBytes: Int) async throws(VendorError) -> VendorResponse {
    let request = try OperationRequest(operation).make(arguments, maximumBytes: maximumBytes)
    let (first, refused) = try await schemes.authorize(request, operation, as: subject)
    do throws(VendorError) { return try await api.send(first, as: subject) } catch {
      guard error.code == .unauthorized else { throw error }
      try await schemes.renew(refused)
    }
    // What was refused had no effect, so it may be sent again.
    let (second, used) = try await schemes.authorize(request, operation, as: subject)
    do throws(VendorError) { return try await api.send(second, as: subject) } catch {
      throw error.code == .unauthorized ? schemes.refusal(error, used) : error
    }
  }
}
