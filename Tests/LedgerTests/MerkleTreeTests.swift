import Testing

@testable import Ledger

/// The tree as RFC 6962, 2.1 defines it, without any cleverness.
func definedRoot(_ leaves: ArraySlice<MerkleHash>) -> MerkleHash {
  if leaves.isEmpty { return .emptyRoot }
  if leaves.count == 1 { return leaves[leaves.startIndex] }
  var half = 1
  while half * 2 < leaves.count { half *= 2 }
  let middle = leaves.startIndex + half
  return .node(definedRoot(leaves[..<middle]), definedRoot(leaves[middle...]))
}

/// All subtrees of a list of leaves, in memory.
struct MemoryHashes: SubtreeHashes {
  private var rows: [[MerkleHash]]

  init(_ leaves: [MerkleHash]) {
    rows = [leaves]
    while let row = rows.last, row.count > 1 {
      rows.append((0..<(row.count / 2)).map { MerkleHash.node(row[2 * $0], row[2 * $0 + 1]) })
    }
  }

  func subtree(level: Int, index: UInt64) throws(LedgerError) -> MerkleHash { rows[level][Int(index)] }
}

@Suite("Merkle tree")
struct MerkleTreeTests {
  /// The leaves and roots that the reference tests of Certificate Transparency use.
  static let referenceLeaves: [String] = [
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
  ]
  static let referenceRoots: [String] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
  ]

  @Test("the roots of the reference leaves are the published ones", arguments: 0...8)
  func publishedRoots(size: Int) throws {
    let leaves = Self.referenceLeaves.prefix(size).map { MerkleHash.leaf(bytes(hex: $0)) }
    #expect(hex(definedRoot(leaves[...]).bytes) == Self.referenceRoots[size])
    var edge = TreeEdge()
    for leaf in leaves { try edge.append(leaf) { _, _ in } }
    #expect(hex(edge.root.bytes) == Self.referenceRoots[size])
  }

  @Test("the published inclusion and consistency proofs come out and verify")
  func publishedProofs() throws {
    let leaves = Self.referenceLeaves.map { MerkleHash.leaf(bytes(hex: $0)) }
    var tree = MemoryHashes(leaves)
    #expect(
      try tree.inclusionProof(index: 0, size: 8).map { hex($0.bytes) } == [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
      ])
    #expect(
      try tree.consistencyProof(from: 6, to: 8).map { hex($0.bytes) } == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
      ])
    #expect(try tree.inclusionProof(index: 0, size: 1).isEmpty)
  }

  @Test("the right edge has the defined root at every size from 0 to 600")
  func edgeRoots() throws {
    let leaves = (0..<600).map { MerkleHash.leaf(leaf($0)) }
    var edge = TreeEdge()
    for size in 0...600 {
      #expect(edge.root == definedRoot(leaves[..<size]))
      if size < 600 { try edge.append(leaves[size]) { _, _ in } }
    }
  }

  @Test("proofs verify at every size from 1 to 600, and no longer with anything in them changed")
  func proofs() throws {
    let leaves = (0..<600).map { MerkleHash.leaf(leaf($0)) }
    var tree = MemoryHashes(leaves)
    var edge = TreeEdge()
    var roots: [MerkleHash] = [.emptyRoot]
    for leaf in leaves {
      try edge.append(leaf) { _, _ in }
      roots.append(edge.root)
    }
    for size in 1...600 {
      let step = size <= 40 ? 1 : 97
      for index in Set(stride(from: 0, to: size, by: step)).union([size - 1, size / 2]) {
        let proof = try tree.inclusionProof(index: UInt64(index), size: UInt64(size))
        func holds(_ leaf: MerkleHash, _ index: Int, _ size: Int, _ root: MerkleHash, _ proof: [MerkleHash]) -> Bool {
          RFC6962.verifyInclusion(of: leaf, at: UInt64(index), size: UInt64(size), root: root, proof: proof)
        }
        #expect(holds(leaves[index], index, size, roots[size], proof))
        #expect(!holds(.emptyRoot, index, size, roots[size], proof))
        #expect(!holds(leaves[index], index, size, roots[size - 1], proof))
        #expect(!holds(leaves[index], index + 1, size, roots[size], proof) || leaves[index] == leaves[min(index + 1, 599)])
        #expect(!holds(leaves[index], size, size, roots[size], proof))
        #expect(!holds(leaves[index], index, size, roots[size], proof + [.emptyRoot]))
        if !proof.isEmpty { #expect(!holds(leaves[index], index, size, roots[size], proof.dropLast())) }
      }
      for old in Set(stride(from: 0, through: size, by: step)).union([size, size - 1]) {
        let proof = try tree.consistencyProof(from: UInt64(old), to: UInt64(size))
        func holds(_ oldRoot: MerkleHash, _ newRoot: MerkleHash, _ proof: [MerkleHash]) -> Bool {
          RFC6962.verifyConsistency(from: UInt64(old), root: oldRoot, to: UInt64(size), root: newRoot, proof: proof)
        }
        #expect(holds(roots[old], roots[size], proof))
        #expect(!holds(leaves[0], roots[size], proof) || (old == 1))
        #expect(!holds(roots[old], .emptyRoot, proof) || old == 0)
        #expect(!holds(roots[old], roots[size], proof + [.emptyRoot]))
      }
    }
  }

  @Test("proofs beyond the tree are refused with an error")
  func outOfRange() {
    var tree = MemoryHashes([.emptyRoot])
    #expect(throws: LedgerError.self) { try tree.inclusionProof(index: 1, size: 1) }
    #expect(throws: LedgerError.self) { try tree.consistencyProof(from: 2, to: 1) }
    #expect(!RFC6962.verifyConsistency(from: 2, root: .emptyRoot, to: 1, root: .emptyRoot, proof: []))
  }
}
