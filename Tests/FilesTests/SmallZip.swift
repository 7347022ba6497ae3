import CZlib
import Files
import Foundation

/// A zip of stored members, put together byte by byte: no writer makes all the kinds of names that there are.
enum SmallZip {
    struct Member {
        let name, content: [UInt8]
        let isUTF8: Bool
        let unicodeName: String?

        init(_ name: String, _ content: [UInt8], isUTF8: Bool) {
            (self.name, self.content, self.isUTF8, unicodeName) = (Array(name.utf8), content, isUTF8, nil)
        }

        init(bytes name: [UInt8], _ content: [UInt8], unicodeName: String? = nil) {
            (self.name, self.content, isUTF8, self.unicodeName) = (name, content, false, unicodeName)
        }

        /// Info-ZIP's field 0x7075: a version, the checksum of the other name, the name.
        fileprivate var extra: [UInt8] {
            guard let unicodeName else { return [] }
            let field = [1] + SmallZip.number(SmallZip.checksum(name), 4) + Array(unicodeName.utf8)
            return SmallZip.number(0x7075, 2) + SmallZip.number(field.count, 2) + field
        }

        /// What the local and the central header have in common, from the flags to the lengths.
        fileprivate var description: [UInt8] {
            [0, isUTF8 ? 8 : 0] + SmallZip.number(0, 6) + SmallZip.number(SmallZip.checksum(content), 4)
                + SmallZip.number(content.count, 4) + SmallZip.number(content.count, 4)
                + SmallZip.number(name.count, 2) + SmallZip.number(extra.count, 2)
        }
    }

    static func make(_ members: [Member], at url: URL) throws {
        var (file, directory): ([UInt8], [UInt8]) = ([], [])
        for member in members {
            directory += Array("PK\u{1}\u{2}".utf8) + [20, 3, 20, 0] + member.description + number(0, 10)
            directory += number(file.count, 4) + member.name + member.extra
            file += Array("PK\u{3}\u{4}".utf8) + [20, 0] + member.description + member.name + member.extra
            file += member.content
        }
        let end =
            Array("PK\u{5}\u{6}".utf8) + number(0, 4) + number(members.count, 2) + number(members.count, 2)
            + number(directory.count, 4) + number(file.count, 4) + number(0, 2)
        try AtomicOutput.writeAtomically(file + directory + end, to: url)
    }

    fileprivate static func number(_ value: Int, _ size: Int) -> [UInt8] {
        (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    fileprivate static func checksum(_ bytes: [UInt8]) -> Int { Int(crc32(0, bytes, UInt32(bytes.count))) }
}
