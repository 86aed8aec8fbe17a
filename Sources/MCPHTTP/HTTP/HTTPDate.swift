import NIOCore

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The `Date` field (RFC 9110, 6.6.1), in IMF-fixdate form.
enum HTTPDate {
  /// `Date: Sun, 06 Nov 1994 08:49:37 GMT CRLF` for a time in seconds since 1970.
  static func line(_ seconds: Int) -> ByteBuffer {
    var moment = time_t(seconds)
    var parts = tm()
    gmtime_r(&moment, &parts)
    let days: [StaticString] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    let months: [StaticString] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    var out = ByteBuffer()
    out.writeStaticString("Date: ")
    out.writeStaticString(days[Int(parts.tm_wday)])
    out.writeStaticString(", ")
    out.writeTwoDigits(Int(parts.tm_mday))
    out.writeStaticString(" ")
    out.writeStaticString(months[Int(parts.tm_mon)])
    out.writeStaticString(" ")
    out.writeDecimal(Int(parts.tm_year) + 1900)
    out.writeStaticString(" ")
    out.writeTwoDigits(Int(parts.tm_hour))
    out.writeStaticString(":")
    out.writeTwoDigits(Int(parts.tm_min))
    out.writeStaticString(":")
    out.writeTwoDigits(Int(parts.tm_sec))
    out.writeStaticString(" GMT\r\n")
    return out
  }

  static func now() -> Int { Int(time(nil)) }
}

extension ByteBuffer {
  fileprivate mutating func writeTwoDigits(_ number: Int) {
    writeInteger(UInt8(truncatingIfNeeded: 0x30 + number / 10))
    writeInteger(UInt8(truncatingIfNeeded: 0x30 + number % 10))
  }
}
