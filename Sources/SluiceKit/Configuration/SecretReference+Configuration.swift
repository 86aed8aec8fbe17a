internal import MCPAuth
internal import Secrets

extension SecretReference {
  /// Reads a reference of the configuration file.
  init(configuration text: String) throws(ConfigurationError) {
    do throws(SecretError) { try self.init(text) } catch { throw ConfigurationError(error.description) }
  }

  /// The text with its secrets in place, for what wants texts.
  func text() throws(ConfigurationError) -> String {
    do throws(SecretError) { return try resolve().reveal() } catch { throw ConfigurationError(error.description) }
  }
}
