import Foundation
import Models

/// How one parameter learns, as the settings of the optimizer say.
package struct ParameterRate {
    /// Share of the step's learning rate.
    package let factor: Double
    package let weightDecay: Double

    /// - Parameters:
    ///   - name: canonical, as in `Parameter`
    ///   - dimensions: of the parameter; with fewer than two it does not decay
    ///   - layers: of the language model
    package init(name: String, dimensions: Int, _ settings: AdamW.Settings, layers: Int) {
        let own = settings.parts.rate(of: name)
        factor =
            (own.learningRate.map { $0 / settings.learningRate } ?? 1)
            * pow(settings.layerDecay, Double(Self.depth(of: name, layers: layers)))
        weightDecay = dimensions >= 2 ? own.weightDecay ?? settings.weightDecay : 0
    }

    /// Layers of the language model between a weight and the output, its own included: the power of the
    /// layer-wise decay, as BEiT counts it (Bao et al. 2022).
    private static func depth(of name: String, layers: Int) -> Int {
        switch LanguagePlace(name: name) {
        case .embeddings: layers + 1
        case .layer(let index): layers - index
        case .norm, .head, nil: 0
        }
    }
}
