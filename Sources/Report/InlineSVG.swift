import Foundation

/// Makes gnuplot's document a part of the page: the page's colours (so that it follows light and dark), ids
/// of its own, a description, nothing that is not drawn.
enum InlineSVG {
    static func make(_ document: String, for plot: Plot) -> String {
        var lines = document.split(separator: "\n", omittingEmptySubsequences: true).map(String.init)
        guard let canvas = lines.firstIndex(where: { $0.contains("gnuplot_canvas") }) else { return "" }
        lines = Array(lines[canvas...])
        var text = withoutUnusedMarks(withoutEmptyGroups(withoutTitles(lines.joined(separator: "\n"))))
        let number = #/\s*(\d+),\s*(\d+),\s*(\d+)\s*/#
        text = text.replacing(#/rgb\(([^)]*)\)/#) { match in
            guard let parts = try? number.wholeMatch(in: match.output.1),
                let red = Int(parts.output.1), let green = Int(parts.output.2), let blue = Int(parts.output.3)
            else { return String(match.output.0) }
            return name(of: red << 16 | green << 8 | blue) ?? String(match.output.0)
        }
        text = text.replacingOccurrences(of: "color=\"black\"", with: "color=\"var(--ink)\"")
            .replacingOccurrences(of: "color='white'", with: "color='var(--paper)'")
            .replacingOccurrences(of: "xlink:href", with: "href")
            .replacingOccurrences(of: "'#gp", with: "'#\(plot.id)-gp")
            .replacingOccurrences(of: "id='gp", with: "id='\(plot.id)-gp")
            .replacingOccurrences(of: "id='textbox'", with: "id='\(plot.id)-textbox'")
            .replacingOccurrences(of: "id='greybox'", with: "id='\(plot.id)-greybox'")
            .replacingOccurrences(of: "id=\"gnuplot_", with: "id=\"\(plot.id)-")
            .replacingOccurrences(of: "font-family=\"sans-serif\"", with: "")
        let label = Markup.escaped(plot.alternative)
        return
            "<svg viewBox=\"0 0 480 280\" role=\"img\" "
            + "aria-label=\"\(label)\">\n<title>\(label)</title>\n\(text)"
    }

    /// The page's name for one of `Plot`'s colours.
    private static func name(of colour: Int) -> String? {
        if colour == Plot.ink { return "var(--ink)" }
        if colour == Plot.grid { return "var(--line)" }
        let series = colour - Plot.colour(0)
        return (0..<Plot.seriesColours).contains(series) ? "var(--series-\(series + 1))" : nil
    }

    /// gnuplot names a curve by its command; a browser would show that when the pointer rests on it.
    private static func withoutTitles(_ text: String) -> String {
        text.replacing(#/<title>[^<]*<\/title>/#, with: "").replacing(#/<desc>[^<]*<\/desc>/#, with: "")
    }

    /// gnuplot defines the marks of points and the boxes of texts whether a plot has any or not.
    private static func withoutUnusedMarks(_ text: String) -> String {
        let drawn = text.replacing(#/<defs>(?s:.*?)<\/defs>\n?/#, with: "")
        return drawn.contains("href=") || drawn.contains("url(#") ? text : drawn
    }

    private static func withoutEmptyGroups(_ text: String) -> String {
        text.replacing(#/<g fill="none"[^>]*>\s*<\/g>\n?/#, with: "")
    }
}

/// Text between tags and in attributes.
enum Markup {
    /// Escapes by code point: a sign with a combining mark after it is still a sign to a browser.
    static func escaped(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;".unicodeScalars
            case "<": result += "&lt;".unicodeScalars
            case ">": result += "&gt;".unicodeScalars
            case "\"": result += "&quot;".unicodeScalars
            case "'": result += "&#39;".unicodeScalars
            // No HTML document may hold these.
            case "\u{0}"..."\u{8}", "\u{B}", "\u{C}", "\u{E}"..."\u{1F}", "\u{7F}": result.append("\u{FFFD}")
            default: result.append(scalar)
            }
        }
        return String(result)
    }
}
