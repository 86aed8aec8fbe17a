internal import ConnectorKit
internal import JSON

/// Sends operations with their credentials.
struct OperationCaller: Sendable {
  let api: VendorAPI
  let schemes: SecuritySchemes

  /// - Parameter arguments: checked against the tool's schema before.
  func send(_ operation: Operation, _ arguments: RawJSON, maximumBytes: Int) async throws(VendorError) -> VendorResponse {
    let request = try OperationRequest(operation).make(arguments, maximumBytes: maximumBytes)
    do throws(VendorError) {
      return try await api.send(try await schemes.authorize(request, operation), as: .service)
    } catch {
      // A request that was refused had no effect, so it may be sent again.
      guard error.code == .unauthorized, try await schemes.renew(operation) else { throw error }
      return try await api.send(try await schemes.authorize(request, operation), as: .service)
    }
  }
}
