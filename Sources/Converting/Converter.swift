import Foundation

/// What makes conversations of one data set.
protocol Converter {
    /// Everything it reads.
    var files: [URL] { get }

    /// Hands over every row of the wanted splits, in an order that the files alone decide.
    ///
    /// - Throws: `FilesError` for a file that cannot be read on; what the run throws
    func convert(into run: inout ConversionRun) throws
}
