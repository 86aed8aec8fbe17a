/// Why a zip file cannot be written or read.
package struct ZipError: Error, CustomStringConvertible {
  package let description: String
  package init(_ description: String) { self.description = description }
}
