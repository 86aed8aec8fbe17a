internal import JSON
internal import MCP
internal import NIOCore
internal import Synchronization

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// One request on its way through the gateway: what every stage and every log line refers to. A class, for every proof carries it.
final class Exchange: Sendable {
  /// Names this exchange in the audit log and in logs. Unique, not secret.
  let id: ExchangeID
  let request: Envelope
  let context: RequestContext
  let principal: Principal
  let started: NIODeadline
  /// Wall clock at the start, in milliseconds since 1970.
  let time: Int64
  /// What an upstream asked of the caller meanwhile.
  let asked = Mutex(AskedQuestions())

  init(_ request: Envelope, _ context: RequestContext, _ principal: Principal) {
    id = ExchangeID()
    self.request = request
    self.context = context
    self.principal = principal
    started = .now()
    time = WallTime.milliseconds()
  }

  var era: Era { context.era }
}

/// 16 bytes: eight drawn once at the start of the process, eight that count.
struct ExchangeID: Sendable, Hashable, CustomStringConvertible {
  private static let process = UInt64.random(in: .min ... .max)
  private static let counter = Atomic<UInt64>(0)

  let high: UInt64
  let low: UInt64

  init() {
    high = Self.process
    low = Self.counter.wrappingAdd(1, ordering: .relaxed).newValue
  }

  /// The id of an earlier exchange, as it was sealed into a state.
  init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  var description: String {
    var text = ByteBuffer()
    write(to: &text)
    return String(buffer: text)
  }

  /// Appends 32 hexadecimal digits.
  func write(to buffer: inout ByteBuffer) {
    buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: 32) { bytes in
      for (word, offset) in [(high, 0), (low, 16)] {
        for digit in 0..<16 {
          let nibble = UInt8(truncatingIfNeeded: word >> UInt64(60 - 4 * digit)) & 15
          bytes[offset + digit] = nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
        }
      }
      return 32
    }
  }
}

enum WallTime {
  /// Milliseconds since 1970-01-01T00:00:00Z.
  static func milliseconds() -> Int64 {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
  }

  /// Appends a time as RFC 3339 in UTC with milliseconds: `2026-07-28T12:00:00.000Z`.
  static func write(_ milliseconds: Int64, to buffer: inout ByteBuffer) {
    let (days, ofDay) = milliseconds.quotientAndRemainderFlooring(by: 86_400_000)
    // Civil date from days since 1970, by counting from 0000-03-01 in eras of 400 years (Gregorian calendar).
    let shifted = days + 719_468
    let (era, dayOfEra) = shifted.quotientAndRemainderFlooring(by: 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: 24) { bytes in
      func write(_ value: Int64, digits: Int, at start: Int) {
        var rest = value
        for position in stride(from: start + digits - 1, through: start, by: -1) {
          bytes[position] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
          rest /= 10
        }
      }
      write(year, digits: 4, at: 0)
      bytes[4] = UInt8(ascii: "-")
      write(month, digits: 2, at: 5)
      bytes[7] = UInt8(ascii: "-")
      write(day, digits: 2, at: 8)
      bytes[10] = UInt8(ascii: "T")
      write(ofDay / 3_600_000, digits: 2, at: 11)
      bytes[13] = UInt8(ascii: ":")
      write(ofDay / 60_000 % 60, digits: 2, at: 14)
      bytes[16] = UInt8(ascii: ":")
      write(ofDay / 1000 % 60, digits: 2, at: 17)
      bytes[19] = UInt8(ascii: ".")
      write(ofDay % 1000, digits: 3, at: 20)
      bytes[23] = UInt8(ascii: "Z")
      return 24
    }
  }
}

extension Int64 {
  fileprivate func quotientAndRemainderFlooring(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }
}
