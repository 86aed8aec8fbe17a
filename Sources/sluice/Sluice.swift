import ArgumentParser
import SluiceKit

@main
enum Sluice {
  static func main() async { await SluiceCommand.start() }
}
