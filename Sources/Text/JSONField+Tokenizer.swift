import Files

extension JSONField {
    /// The error for what the file may say and this library does not do.
    func unsupported(_ supported: String) -> TextError {
        .unsupported(file: file, field: path, found: value?.shown ?? "missing", supported: supported)
    }

    /// A text that is looked for or put in.
    func bytes() throws -> [UInt8] {
        let bytes = Array(try string().utf8)
        guard bytes.count <= Limit.tokenBytes.value else {
            throw FilesError.tooLarge(
                path: file, item: "'\(outside: path)'", limit: Limit.tokenBytes.value, name: .tokenBytes)
        }
        return bytes
    }

    /// A `{"String": "…"}` pattern.
    func stringPattern() throws -> [UInt8] {
        if let regex = try optional("Regex") { throw regex.unsupported("{\"String\": …} here") }
        let bytes = try self["String"].bytes()
        guard !bytes.isEmpty else { throw bad(expected: "a pattern that is not empty") }
        return bytes
    }
}
