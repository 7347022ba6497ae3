import Files
import Testing

@Suite struct MemberPathTests {
    @Test(
        arguments: [
            ("a/b", "a/b"), ("./a/b", "a/b"), ("/a//b/", "a/b"), ("a/./b/../c", "a/c"), (".", nil), ("", nil),
            ("..", nil), ("a/../../b", nil), ("...", "..."),
        ] as [(String, String?)])
    func normalises(path: String, expected: String?) {
        #expect(MemberPath.normalized(path) == expected)
    }
}
