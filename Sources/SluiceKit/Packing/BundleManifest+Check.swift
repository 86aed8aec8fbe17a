internal import JSON
internal import MCPHTTP

extension BundleManifest {
  /// What is wrong with a manifest, each with its place and what would be right; empty for one that can be installed.
  ///
  /// - Parameter contains: whether the bundle has a file at a path.
  static func problems(_ manifest: JSONValue, contains: @escaping (String) -> Bool) -> [String] {
    guard manifest.object != nil else { return ["manifest.json must be an object"] }
    var check = ManifestCheck(contains: contains)
    check.run(manifest)
    return check.problems
  }
}

/// Reads a manifest, and keeps what is wrong with it.
private struct ManifestCheck {
  let contains: (String) -> Bool
  private(set) var problems: [String] = []

  init(contains: @escaping (String) -> Bool) { self.contains = contains }

  private static let members: Set<String> = [
    "$schema", "manifest_version", "dxt_version", "name", "display_name", "version", "description", "long_description", "author", "repository", "homepage",
    "documentation", "support", "icon", "icons", "screenshots", "localization", "server", "tools", "tools_generated", "prompts", "prompts_generated", "keywords",
    "license", "privacy_policies", "compatibility", "user_config", "_meta",
  ]

  mutating func run(_ manifest: JSONValue) {
    known(manifest, Self.members, at: "")
    version(manifest)
    for name in ["name", "version", "description"] { text(manifest[name], at: name, isRequired: true) }
    if let release = manifest["version"]?.string, !Self.isSemanticVersion(release) { add("version", "\"\(release)\" is no semantic version, such as 1.2.0") }
    for name in ["display_name", "long_description", "license", "icon"] { text(manifest[name], at: name, isRequired: false) }
    author(manifest["author"])
    for name in ["homepage", "documentation", "support"] { url(manifest[name], at: name) }
    if let repository = manifest["repository"] {
      known(repository, ["type", "url"], at: "repository")
      text(repository["type"], at: "repository.type", isRequired: true)
      url(repository["url"] ?? .null, at: "repository.url")
    }
    for (index, policy) in list(manifest["privacy_policies"], at: "privacy_policies") { url(policy, at: "privacy_policies[\(index)]") }
    for (index, word) in list(manifest["keywords"], at: "keywords") { text(word, at: "keywords[\(index)]", isRequired: true) }
    for name in ["tools_generated", "prompts_generated"] {
      if let value = manifest[name], value.bool == nil { add(name, "must be true or false") }
    }
    pictures(manifest)
    offers(manifest)
    compatibility(manifest["compatibility"])
    let keys = userConfig(manifest["user_config"])
    server(manifest["server"], keys: keys, manifest["manifest_version"]?.string)
  }

  private mutating func version(_ manifest: JSONValue) {
    guard let version = (manifest["manifest_version"] ?? manifest["dxt_version"])?.string else {
      return add("manifest_version", "is missing: the version of the format, such as \"\(BundleManifest.version)\"")
    }
    if !BundleManifest.knownVersions.contains(version) { add("manifest_version", "\"\(version)\" is not known: \(BundleManifest.knownVersions.joined(separator: ", "))") }
  }

  private mutating func author(_ author: JSONValue?) {
    guard let author, author.object != nil else { return add("author", "must be an object with \"name\"") }
    known(author, ["name", "email", "url"], at: "author")
    text(author["name"], at: "author.name", isRequired: true)
    if let email = author["email"], email.string?.contains("@") != true { add("author.email", "is no e-mail address") }
    url(author["url"], at: "author.url")
  }

  private mutating func pictures(_ manifest: JSONValue) {
    if let icon = manifest["icon"]?.string, !icon.hasPrefix("https://") { file(icon, at: "icon") }
    for (index, icon) in list(manifest["icons"], at: "icons") {
      if let source = icon["src"]?.string { file(source, at: "icons[\(index)].src") } else { add("icons[\(index)].src", "is missing") }
      let size = icon["size"]?.string?.split(separator: "x", omittingEmptySubsequences: false) ?? []
      if size.count != 2 || !size.allSatisfy({ Int($0).map { $0 > 0 } ?? false }) { add("icons[\(index)].size", "must be like 128x128") }
    }
    for (index, picture) in list(manifest["screenshots"], at: "screenshots") {
      if let path = picture.string { file(path, at: "screenshots[\(index)]") } else { add("screenshots[\(index)]", "must be a path") }
    }
  }

  private mutating func offers(_ manifest: JSONValue) {
    for (index, tool) in list(manifest["tools"], at: "tools") {
      known(tool, ["name", "description"], at: "tools[\(index)]")
      text(tool["name"], at: "tools[\(index)].name", isRequired: true)
    }
    for (index, prompt) in list(manifest["prompts"], at: "prompts") {
      known(prompt, ["name", "description", "arguments", "text"], at: "prompts[\(index)]")
      text(prompt["name"], at: "prompts[\(index)].name", isRequired: true)
      text(prompt["text"], at: "prompts[\(index)].text", isRequired: true)
    }
  }

  private mutating func compatibility(_ compatibility: JSONValue?) {
    for (index, platform) in list(compatibility?["platforms"], at: "compatibility.platforms") where !["darwin", "win32", "linux"].contains(platform.string) {
      add("compatibility.platforms[\(index)]", "must be darwin, win32 or linux")
    }
  }

  /// - Returns: the keys that are declared.
  private mutating func userConfig(_ config: JSONValue?) -> Set<String> {
    guard let config else { return [] }
    guard let options = config.object else {
      add("user_config", "must be an object")
      return []
    }
    for (key, option) in options {
      let place = "user_config.\(key)"
      known(option, ["type", "title", "description", "required", "default", "multiple", "sensitive", "min", "max"], at: place)
      let kind = option["type"]?.string.flatMap { BundleManifest.Setting.Kind(rawValue: $0) }
      if kind == nil { add("\(place).type", "must be \(BundleManifest.Setting.Kind.allCases.map(\.rawValue).joined(separator: ", "))") }
      for name in ["title", "description"] { text(option[name], at: "\(place).\(name)", isRequired: true) }
      for name in ["required", "multiple", "sensitive"] {
        if let value = option[name], value.bool == nil { add("\(place).\(name)", "must be true or false") }
      }
      if option["sensitive"] == true, kind != .string { add("\(place).sensitive", "is for options of type string") }
      if option["multiple"] == true, kind != .file, kind != .directory { add("\(place).multiple", "is for options of type file or directory") }
      for name in ["min", "max"] where option[name] != nil {
        if kind != .number || option[name]?.double == nil { add("\(place).\(name)", "is a number, for options of type number") }
      }
      if let value = option["default"], let kind, !Self.fits(value, kind) { add("\(place).default", "does not fit the type \(kind.rawValue)") }
    }
    return Set(options.map(\.name))
  }

  private static func fits(_ value: JSONValue, _ kind: BundleManifest.Setting.Kind) -> Bool {
    switch kind {
    case .string: value.string != nil
    case .number: value.double != nil
    case .boolean: value.bool != nil
    case .directory, .file: value.string != nil || value.array?.allSatisfy { $0.string != nil } == true
    }
  }

  private mutating func server(_ server: JSONValue?, keys: Set<String>, _ version: String?) {
    guard let server, server.object != nil else { return add("server", "must be an object with type, entry_point and mcp_config") }
    known(server, ["type", "entry_point", "mcp_config"], at: "server")
    let type = server["type"]?.string
    if !["node", "python", "binary", "uv"].contains(type) { add("server.type", "must be node, python or binary, and from 0.4 on uv") }
    if type == "uv", version != "0.4" { add("server.type", "uv needs manifest_version 0.4") }
    if let entry = server["entry_point"]?.string {
      file(entry, at: "server.entry_point")
    } else {
      add("server.entry_point", "is missing: the path of the server in the bundle")
    }
    guard let configuration = server["mcp_config"] else {
      if type != "uv" { add("server.mcp_config", "is missing: how the server is started") }
      return
    }
    command(configuration, at: "server.mcp_config", isWhole: true, keys)
    for (platform, override) in configuration["platform_overrides"]?.object ?? JSONObject() {
      command(override, at: "server.mcp_config.platform_overrides.\(platform)", isWhole: false, keys)
    }
  }

  private mutating func command(_ command: JSONValue, at place: String, isWhole: Bool, _ keys: Set<String>) {
    known(command, ["command", "args", "env", "platform_overrides"], at: place)
    text(command["command"], at: "\(place).command", isRequired: isWhole)
    var texts = [command["command"]?.string ?? ""]
    for (index, argument) in list(command["args"], at: "\(place).args") {
      if let text = argument.string { texts.append(text) } else { add("\(place).args[\(index)]", "must be a string") }
    }
    for (name, value) in command["env"]?.object ?? JSONObject() {
      if let text = value.string { texts.append(text) } else { add("\(place).env.\(name)", "must be a string") }
    }
    for text in texts { references(text, at: place, keys) }
  }

  /// Every `${user_config.KEY}` must be asked for.
  private mutating func references(_ text: String, at place: String, _ keys: Set<String>) {
    for part in text.split(separator: "${", omittingEmptySubsequences: false).dropFirst() {
      guard let end = part.firstIndex(of: "}") else { return add(place, "\"${\" without \"}\"") }
      let name = part[..<end]
      guard name.hasPrefix("user_config.") else { continue }
      let key = String(name.dropFirst("user_config.".count))
      if !keys.contains(key) { add(place, "${user_config.\(key)} is used, but user_config does not declare \(key)") }
    }
  }

  // MARK: Parts

  private mutating func add(_ place: String, _ problem: String) { problems.append("\(place): \(problem)") }

  private mutating func known(_ value: JSONValue, _ names: Set<String>, at place: String) {
    guard let object = value.object else { return add(place, "must be an object") }
    for (name, _) in object where !names.contains(name) { add(place.isEmpty ? name : "\(place).\(name)", "is not known in this format") }
  }

  private mutating func text(_ value: JSONValue?, at place: String, isRequired: Bool) {
    guard let value else {
      if isRequired { add(place, "is missing") }
      return
    }
    if value.string?.isEmpty != false { add(place, "must be a text that is not empty") }
  }

  private mutating func url(_ value: JSONValue?, at place: String) {
    guard let value else { return }
    if value.string.flatMap({ HTTPURL($0) }) == nil { add(place, "must be an http or https URL") }
  }

  private mutating func list(_ value: JSONValue?, at place: String) -> [(Int, JSONValue)] {
    guard let value else { return [] }
    guard let array = value.array else {
      add(place, "must be a list")
      return []
    }
    return Array(array.enumerated())
  }

  private mutating func file(_ path: String, at place: String) {
    let relative = path.hasPrefix("${__dirname}/") ? String(path.dropFirst("${__dirname}/".count)) : path
    guard BundlePath.isInside(relative) else { return add(place, "\"\(path)\" must be a path inside of the bundle") }
    if !contains(relative) { add(place, "the bundle has no file \(relative)") }
  }

  private static func isSemanticVersion(_ text: String) -> Bool {
    let core = text.prefix { $0 != "-" && $0 != "+" }.split(separator: ".", omittingEmptySubsequences: false)
    return core.count == 3 && core.allSatisfy { part in !part.isEmpty && part.allSatisfy { $0.isASCII && $0.isNumber } && (part == "0" || part.first != "0") }
  }
}

/// Names of files in a bundle.
enum BundlePath {
  /// Whether a path stays in the directory that it is relative to, on every system.
  static func isInside(_ path: String) -> Bool {
    guard !path.isEmpty, !path.hasPrefix("/"), !path.contains("\\"), !path.utf8.contains(where: { $0 < 0x20 }), !path.prefix(3).contains(":") else { return false }
    return path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { !["", ".", ".."].contains($0) }
  }
}
