internal import ConnectorKit

/// A ZIP archive whose members are stored as they are, unless they are to be deflated.
public enum StoredZip {
  public static func archive(_ members: [(name: String, text: String)]) -> [UInt8] { bytes(members.map { ($0.name, Array($0.text.utf8)) }) }

  public static func bytes(_ members: [(name: String, content: [UInt8])], isDeflated: Bool = false) -> [UInt8] {
    var (bytes, directory): ([UInt8], [UInt8]) = ([], [])
    for (name, content) in members {
      let (name, data) = (Array(name.utf8), isDeflated ? Deflate.compress(content) ?? [] : content)
      let common =
        little(20, 2) + little(1 << 11, 2) + little(isDeflated ? 8 : 0, 2) + little(0, 2) + little(0x21, 2) + little(Int(Deflate.checksum(content)), 4)
        + little(data.count, 4) + little(content.count, 4) + little(name.count, 2) + little(0, 2)
      directory += little(0x0201_4B50, 4) + little(20, 2) + common + little(0, 2) + little(0, 2) + little(0, 2) + little(0, 4) + little(bytes.count, 4) + name
      bytes += little(0x0403_4B50, 4) + common + name + data
    }
    let end =
      little(0x0605_4B50, 4) + little(0, 4) + little(members.count, 2) + little(members.count, 2) + little(directory.count, 4) + little(bytes.count, 4) + little(0, 2)
    return bytes + directory + end
  }

  private static func little(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) } }
}
