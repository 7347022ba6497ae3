/// Text from outside as messages quote it: on one line, with nothing in it that a terminal would obey, and
/// short.
public enum Excerpt {
    /// Characters of outside text that a message quotes at most.
    public static let most = 200
    /// Characters that a whole message has at most.
    static let mostOfMessage = 2_000

    /// The text, its control characters escaped; what is beyond `most` characters is only counted.
    public static func of(_ text: some StringProtocol, most: Int = most) -> String {
        var (shown, count) = ("", 0)
        for scalar in text.unicodeScalars {
            guard count < most else { return shown + "… (\(text.utf8.count) bytes)" }
            shown += escaped(scalar)
            count += 1
        }
        return shown
    }

    /// A message as it is printed: its beginning and its end, where the place and the remedy stand, should it
    /// be too long.
    public static func message(_ text: String) -> String {
        let scalars = text.unicodeScalars
        guard scalars.count > mostOfMessage else { return of(text, most: mostOfMessage) }
        let (head, tail) = (
            String(scalars.prefix(3 * mostOfMessage / 4)), String(scalars.suffix(mostOfMessage / 4))
        )
        return of(head, most: mostOfMessage) + " … " + of(tail, most: mostOfMessage)
    }

    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        switch scalar.value {
        case 0x0A: "\\n"
        case 0x0D: "\\r"
        case 0x09: "\\t"
        // Controls; line and paragraph separators; what turns the direction of writing.
        case 0..<0x20, 0x7F..<0xA0, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069:
            "\\u{\(String(scalar.value, radix: 16))}"
        default: String(scalar)
        }
    }
}

extension DefaultStringInterpolation {
    /// Quotes text from outside: `"there is no tensor '\(outside: name)'"`.
    public mutating func appendInterpolation(outside text: some StringProtocol) {
        appendLiteral(Excerpt.of(text))
    }
}
