/// A ZIP archive whose members are stored as they are.
public enum StoredZip {
  public static func archive(_ members: [(name: String, text: String)]) -> [UInt8] {
    var (bytes, directory): ([UInt8], [UInt8]) = ([], [])
    for (name, text) in members {
      let (name, data) = (Array(name.utf8), Array(text.utf8))
      let common =
        little(20, 2) + little(0, 2) + little(0, 2) + little(0, 2) + little(0x21, 2) + little(crc(data), 4) + little(UInt32(data.count), 4)
        + little(UInt32(data.count), 4)
        + little(UInt32(name.count), 2) + little(0, 2)
      directory += little(0x0201_4B50, 4) + little(20, 2) + common + little(0, 2) + little(0, 2) + little(0, 2) + little(0, 4) + little(UInt32(bytes.count), 4) + name
      bytes += little(0x0403_4B50, 4) + common + name + data
    }
    let end =
      little(0x0605_4B50, 4) + little(0, 4) + little(UInt32(members.count), 2) + little(UInt32(members.count), 2) + little(UInt32(directory.count), 4)
      + little(UInt32(bytes.count), 4) + little(0, 2)
    return bytes + directory + end
  }

  private static func little(_ value: UInt32, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt32($0 * 8)) } }

  private static func crc(_ bytes: [UInt8]) -> UInt32 {
    var crc: UInt32 = .max
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
    }
    return ~crc
  }
}
