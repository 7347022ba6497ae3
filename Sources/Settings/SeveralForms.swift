/// A setting that a file may write in more than one way: as a value of any of these types.
public protocol SeveralForms {
    static var forms: [Any.Type] { get }
}
