import Foundation

/// Lines or bars over one pair of axes.
public struct Plot: Sendable {
    public struct Series: Sendable {
        public let name: String
        public let points: [(x: Double, y: Double)]
        /// Ends of a point's error bar or band, as many as points; empty for none.
        public var bands: [(low: Double, high: Double)] = []

        public init(
            _ name: String, _ points: [(x: Double, y: Double)], bands: [(low: Double, high: Double)] = []
        ) {
            (self.name, self.points, self.bands) = (name, points, bands)
        }
    }

    public enum Style: Sendable { case lines, bars }

    /// Identifier within the page; the CSV has its name.
    public internal(set) var id: String
    /// Text for those who cannot see the picture.
    public let alternative: String
    public let xLabel, yLabel: String
    public var style = Style.lines
    /// Top of the vertical axis; what lies above is cut off. Nil shows everything.
    public var yLimit: Double?
    public let series: [Series]

    public init(
        id: String, alternative: String, xLabel: String, yLabel: String, style: Style = .lines,
        yLimit: Double? = nil, series: [Series]
    ) {
        (self.id, self.alternative, self.xLabel, self.yLabel) = (id, alternative, xLabel, yLabel)
        (self.style, self.yLimit, self.series) = (style, yLimit, series)
    }

    /// The numbers, one row a point.
    public var table: [[String]] {
        let hasBands = series.contains { !$0.bands.isEmpty }
        return [["series", xLabel, yLabel] + (hasBands ? ["low", "high"] : [])]
            + series.flatMap { series in
                series.points.enumerated().map { index, point in
                    [series.name, "\(point.x)", "\(point.y)"]
                        + (hasBands
                            ? series.bands.indices.contains(index)
                                ? ["\(series.bands[index].low)", "\(series.bands[index].high)"] : ["", ""]
                            : [])
                }
            }
    }

    /// Whether there is anything to draw.
    public var isEmpty: Bool { drawn.allSatisfy { $0.points.isEmpty } }

    /// Points that an axis can show: the finite ones, whose distances are finite too.
    private var drawn: [Series] {
        func isShown(_ value: Double) -> Bool { abs(value) < 1e300 }
        return series.map { series in
            let kept = series.points.indices.filter {
                let (x, y) = series.points[$0]
                return isShown(x) && isShown(y)
            }
            let bands = kept.map { index -> (low: Double, high: Double) in
                let y = series.points[index].y
                let band = series.bands.indices.contains(index) ? series.bands[index] : (low: y, high: y)
                return (isShown(band.low) ? band.low : y, isShown(band.high) ? band.high : y)
            }
            return Series(
                series.name, kept.map { series.points[$0] }, bands: series.bands.isEmpty ? [] : bands)
        }
    }

    /// Colours that `InlineSVG` turns into the page's: text and axes, grid, and the series.
    static let ink = 0x010203
    static let grid = 0x040506
    static func colour(_ series: Int) -> Int { 0x0A0001 + series % seriesColours }
    static let seriesColours = 8

    /// Script for gnuplot. Names and captions stay out of it: only our own words and numbers go in.
    package var script: String {
        func rgb(_ colour: Int) -> String { "rgb '#\(String(format: "%06x", colour))'" }
        var lines = [
            "set terminal svg size 480,280 noenhanced font 'sans-serif,13'", "set encoding utf8", "unset key",
            "set border 3 lc \(rgb(Self.ink))", "set tics nomirror out scale 0.5 textcolor \(rgb(Self.ink))",
            "set grid ytics lc \(rgb(Self.grid)) lt 1 lw 0.6", "set tmargin 0.8", "set rmargin 3",
            "set bmargin 2.8",
            "set xlabel '\(safe(xLabel))' offset 0,0.5 textcolor \(rgb(Self.ink))",
            "set ylabel '\(safe(yLabel))' offset 1,0 textcolor \(rgb(Self.ink))",
        ]
        let series = drawn
        let values = series.flatMap { $0.points.map(\.y) + $0.bands.map(\.low) }
        let top = yLimit.flatMap { $0.isFinite && $0 > 0 ? "\($0)" : nil } ?? "*"
        if let least = values.min(), least >= 0 { lines.append("set yrange [0:\(top)]") }
        switch style {
        case .lines:
            let least = series.flatMap { $0.points.map(\.x) }.min() ?? 0
            if least >= 0 { lines.append("set xrange [0:*]") }
        case .bars:
            let places = series.flatMap { $0.points.map(\.x) }
            lines.append("set xrange [\((places.min() ?? 0) - 0.6):\((places.max() ?? 1) + 0.6)]")
            lines += [
                "set style fill solid 0.85 noborder", "set boxwidth 0.55",
                "set xtics \(max(1, places.count / 10))",
            ]
        }
        for (index, series) in series.enumerated() {
            lines.append("$d\(index) << EOD")
            lines += series.points.enumerated().map { point, value in
                "\(value.x) \(value.y)"
                    + (series.bands.isEmpty ? "" : " \(series.bands[point].low) \(series.bands[point].high)")
            }
            lines.append("EOD")
        }
        let parts = series.enumerated().filter { !$0.element.points.isEmpty }.flatMap { index, series in
            let colour = rgb(Self.colour(index))
            switch style {
            case .bars:
                return ["$d\(index) using 1:2 with boxes lc \(colour)"]
                    + (series.bands.isEmpty
                        ? []
                        : [
                            "$d\(index) using 1:3:(0):($4-$3) with vectors nohead lc \(rgb(Self.ink)) lw 1.6"
                        ])
            case .lines:
                let band = "$d\(index) using 1:3:4 with filledcurves lc \(colour)"
                return (series.bands.isEmpty ? [] : ["\(band) fs transparent solid 0.18 noborder"])
                    + ["$d\(index) using 1:2 with lines lw 1.8 dt \(Self.dash(index).gnuplot) lc \(colour)"]
            }
        }
        return (lines + ["plot " + parts.joined(separator: ", \\\n  "), ""]).joined(separator: "\n")
    }

    /// Lines differ in dashes too, for those who see or print no colours.
    static func dash(_ series: Int) -> (gnuplot: String, svg: String) {
        [("solid", ""), ("(9,4)", "9 4"), ("(3,3)", "3 3"), ("(9,3,2,3)", "9 3 2 3")][series % 4]
    }

    private func safe(_ label: String) -> String {
        label.replacingOccurrences(of: "'", with: "’").replacingOccurrences(of: "\n", with: " ")
    }
}
