import Testing

@testable import Ledger

@Suite("Signed notes, keys and checkpoints")
struct SignedNoteTests {
  static let exampleKey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
  static let example = """
    This is an example message.

    \u{2014} example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=

    """

  @Test("the example of the signed-note specification verifies, and not with one letter changed")
  func specificationExample() throws {
    let key = try VerifierKey(parsing: Self.exampleKey)
    let note = try SignedNote(parsing: Array(Self.example.utf8))
    try note.verify(with: key)
    #expect(note.description == Self.example)
    #expect(key.description == Self.exampleKey)
    let changed = Self.example.replacing("example message", with: "exemple message")
    #expect(throws: LedgerError.self) { try SignedNote(parsing: Array(changed.utf8)).verify(with: key) }
  }

  @Test("a signature by the published Go test key is the published one, as Ed25519 is deterministic")
  func goVectors() throws {
    let key = try SigningKey(
      parsing: "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")
    #expect(key.verifierKey.description == "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    let text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    let signature =
      "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
    #expect(try SignedNote(signing: text, with: key).description == "\(text)\n\u{2014} PeterNeumann \(signature)\n")
  }

  @Test("a private key survives its text form, and has none of it in its description")
  func privateKey() throws {
    let key = try SigningKey(generating: "sluice.example/log")
    let again = try SigningKey(parsing: key.exportPrivateKey() + "\n")
    #expect(again.verifierKey == key.verifierKey)
    try Checkpoint(signing: 0, root: .emptyRoot, with: again).verify(with: key.verifierKey)
  }

  @Test(
    "keys that are not well formed are refused",
    arguments: [
      "", "name", "name+530d903a", "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
      "example.com/fob+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
      "example.com/foo+530d903a+BOkyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "a b+530d903a+Aeky",
      "example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
      "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2",
    ])
  func malformedKeys(text: String) {
    #expect(throws: LedgerError.self) { try VerifierKey(parsing: text) }
    #expect(throws: LedgerError.self) { try SigningKey(parsing: text) }
  }

  @Test("names with a space or a plus sign are refused", arguments: ["", "a b", "a+b", "a\u{00a0}b", "a\nb"])
  func names(name: String) {
    #expect(throws: LedgerError.self) { try SigningKey(generating: name) }
  }

  @Test(
    "notes that are not well formed are refused",
    arguments: [
      "", "\n", "text\n", "text\n\n", "text\n\n\u{2014} name\n", "text\n\n- name AAAAAAA=\n", "text\n\n\u{2014} name AAAA\n",
      "text\n\n\u{2014} name AAAAAAAA", "te\txt\n\n\u{2014} name AAAAAAAA\n", "\n\u{2014} name AAAAAAAA\n",
      "text\n\n\u{2014} name AAAAAAA*\n", "text\r\n\n\u{2014} name AAAAAAAA\n",
    ])
  func malformedNotes(text: String) {
    #expect(throws: LedgerError.self) { try SignedNote(parsing: Array(text.utf8)) }
  }

  @Test("unknown signatures are ignored, and a note without a known one is refused")
  func otherSignatures() throws {
    let key = try SigningKey(generating: "a.example")
    let other = try SigningKey(generating: "b.example")
    let note = try SignedNote(signing: "text\n", with: key).description
    let line = try SignedNote(signing: "other text\n", with: other).description.split(separator: "\n").last ?? ""
    let both = try SignedNote(parsing: Array("\(note)\(line)\n".utf8))
    #expect(both.signatures.count == 2)
    try both.verify(with: key.verifierKey)
    #expect(throws: LedgerError.self) { try both.verify(with: other.verifierKey) }
    #expect(throws: LedgerError.self) { try both.verify(with: SigningKey(generating: "a.example").verifierKey) }
  }

  @Test("the example of the tlog-checkpoint specification is read as it says")
  func checkpointExample() throws {
    let text = """
      example.com/behind-the-sofa
      20852163
      CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

      \u{2014} example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=

      """
    let checkpoint = try Checkpoint(parsing: Array(text.utf8))
    #expect(checkpoint.origin == "example.com/behind-the-sofa")
    #expect(checkpoint.size == 20_852_163)
    #expect(checkpoint.root.description == "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=")
    #expect(checkpoint.description == text)
  }

  @Test(
    "checkpoints that are not well formed are refused",
    arguments: [
      "origin\n1\n", "origin\n01\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
      "origin\n-1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n", "origin\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jx\n",
      "origin\n99999999999999999999\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n", "origin\n+1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
    ])
  func malformedCheckpoints(text: String) throws {
    let note = try SignedNote(signing: text, with: SigningKey(generating: "origin"))
    #expect(throws: LedgerError.self) { try Checkpoint(parsing: Array(note.description.utf8)) }
  }

  @Test("a checkpoint of another origin than the key's name is refused")
  func foreignOrigin() throws {
    let key = try SigningKey(generating: "a.example")
    let note = try SignedNote(signing: "b.example\n0\n\(MerkleHash.emptyRoot)\n", with: key)
    let checkpoint = try Checkpoint(parsing: Array(note.description.utf8))
    #expect(throws: LedgerError.self) { try checkpoint.verify(with: key.verifierKey) }
  }

  @Test("base64 is read strictly", arguments: ["A", "AA=", "AAA", "A===", "AB==", "AAB=", "AA==AA==", "A A=", "AA==\n", "=AAA"])
  func base64(text: String) { #expect(Base64.decode(text) == nil) }

  @Test("base64 gives back what it was given, for every length to 70")
  func base64RoundTrip() {
    for count in 0...70 {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 67 &+ count) }
      #expect(Base64.decode(Base64.encode(bytes)) == bytes)
    }
  }
}
