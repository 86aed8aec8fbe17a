internal import JSON
internal import NIOCore
internal import Synchronization

/// Batches, which revision 2025-03-26 has alone.
extension StdioResponder {
  func receive(batch: RawJSON) {
    let elements = Array(batch.elements)
    guard state.withLock({ $0.client?.version == .v2025_03_26 }) else {
      return refuse(RPCError(.invalidRequest, "Invalid request: a line must hold one message"), id: nil)
    }
    guard !elements.isEmpty, elements.count <= configuration.batchLimit else {
      return refuse(RPCError(.invalidRequest, "Invalid request: a batch has 1 to \(configuration.batchLimit) messages"), id: nil)
    }
    // Each can be cancelled by itself, from the next line on.
    let members = elements.map { _ in StdioExchange() }
    let ids = elements.map { $0["method"] == nil ? nil : $0["id"]?.text }
    state.withLock { state in
      for (id, member) in zip(ids, members) { if let id { state.ids[id] = member } }
    }
    start(id: nil) { [self] exchange in
      let answers = await withTaskGroup(of: (Int, ByteBuffer?).self) { group in
        for (index, element) in elements.enumerated() {
          group.addTask { (index, await self.batchAnswer(element, members[index])) }
        }
        return await group.reduce(into: []) { $0.append($1) }
      }
      state.withLock { state in
        for (id, member) in zip(ids, members) { if let id, state.ids[id] === member { state.ids[id] = nil } }
      }
      var line = ByteBuffer()
      for (_, message) in answers.sorted(by: { $0.0 < $1.0 }) {
        guard let message else { continue }
        line.writeStaticString(line.readableBytes == 0 ? "[" : ",")
        line.writeImmutableBuffer(message)
      }
      guard line.readableBytes > 0 else { return }
      line.writeStaticString("]")
      await exchange.finish { await send(line) }
    }
  }

  private func batchAnswer(_ element: RawJSON, _ exchange: StdioExchange) async -> ByteBuffer? {
    let message: Envelope
    do { message = try Envelope(element) } catch {
      return Message.error(error, id: element["id"].flatMap { $0.kind == .string || $0.kind == .number ? $0 : nil }, nullID: true)
    }
    guard let id = message.id, message.kind == .request else {
      receive(oneWay: message)
      return nil
    }
    guard let client = state.withLock(\.client), message.method != .initialize else {
      return Message.error(RPCError(.invalidRequest, "Invalid request: initialize stands alone"), id: id)
    }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        exchange.run {
          let answer = await self.legacyAnswer(message, client, exchange)
          var text: ByteBuffer?
          await exchange.finish { text = Message.answer(answer, id: id) }
          continuation.resume(returning: text)
        }
      }
    } onCancel: {
      exchange.cancel()
    }
  }
}
