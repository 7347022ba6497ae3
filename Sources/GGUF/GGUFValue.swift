/// A value of a GGUF file's metadata.
package enum GGUFValue: Equatable {
    case integer(UInt32)
    case number(Float)
    case flag(Bool)
    case text(String)
    case integers([Int32])
    case numbers([Float])
    case texts([String])

    static func count(_ number: Int) -> GGUFValue { .integer(UInt32(clamping: number)) }

    /// Numbers of the types in the file.
    private enum Code {
        static let integer: UInt32 = 4
        static let signed: UInt32 = 5
        static let number: UInt32 = 6
        static let flag: UInt32 = 7
        static let text: UInt32 = 8
    }
    fileprivate static let arrayCode: UInt32 = 9

    /// Type and value as they stand in the file.
    func append(to bytes: inout [UInt8]) {
        switch self {
        case .integer(let number): bytes.append(numbers: Code.integer, number)
        case .number(let number): bytes.append(numbers: Code.number, number.bitPattern)
        case .flag(let flag):
            bytes.append(numbers: Code.flag)
            bytes.append(flag ? 1 : 0)
        case .text(let text):
            bytes.append(numbers: Code.text)
            bytes.append(counted: text)
        case .integers(let numbers):
            bytes.append(array: numbers.count, of: Code.signed)
            for number in numbers { bytes.append(numbers: UInt32(bitPattern: number)) }
        case .numbers(let numbers):
            bytes.append(array: numbers.count, of: Code.number)
            for number in numbers { bytes.append(numbers: number.bitPattern) }
        case .texts(let texts):
            bytes.append(array: texts.count, of: Code.text)
            for text in texts { bytes.append(counted: text) }
        }
    }
}

extension [UInt8] {
    /// Numbers of 32 bits.
    mutating func append(numbers: UInt32...) {
        for number in numbers { Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) } }
    }

    /// A number of 64 bits.
    mutating func append(long number: Int) {
        Swift.withUnsafeBytes(of: UInt64(number).littleEndian) { append(contentsOf: $0) }
    }

    /// A text behind its length in bytes.
    mutating func append(counted text: String) {
        append(long: text.utf8.count)
        append(contentsOf: text.utf8)
    }

    fileprivate mutating func append(array count: Int, of type: UInt32) {
        append(numbers: GGUFValue.arrayCode, type)
        append(long: count)
    }
}
