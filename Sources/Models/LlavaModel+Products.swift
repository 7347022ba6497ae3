extension LlavaModel {
    /// Weights of the language model's layers, and of its head: a row takes a multiplication and an addition
    /// for each of them.
    package var productWeights: (layers: Double, head: Double) {
        let all = parameters(of: [.language]).reduce(0) { $0 + $1.value.count }
        let text = language.configuration
        let table = text.vocabulary * text.hidden
        return (Double(all - (text.tiedEmbeddings ? table : 2 * table)), Double(table))
    }
}
