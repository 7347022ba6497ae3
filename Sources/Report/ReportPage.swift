import Foundation
import Mustache

/// Puts sections into the page's templates.
struct ReportPage {
    let title: String
    let facts: String
    let footer: String
    let sections: [ReportSection]

    /// - Throws: `ReportError.badTemplate`
    func html() throws -> String {
        MustacheContentTypes.register(PageText(), named: "PAGE")
        var library = MustacheLibrary()
        let templates = [
            ("page", PageTemplate.page), ("block", PageTemplate.block), ("leaf", PageTemplate.leaf),
            ("table", PageTemplate.table),
            ("figures", PageTemplate.figures), ("grid", PageTemplate.grid),
            ("answers", PageTemplate.answers), ("details", PageTemplate.details),
        ]
        for (name, text) in templates {
            do { try library.register(text, named: name) } catch {
                throw ReportError.badTemplate(name: name, problem: "\(error)")
            }
        }
        let context: [String: Any] = [
            "title": title, "facts": facts, "footer": footer, "style": PageStyle.sheet,
            "sections": sections.map(\.context),
        ]
        guard let page = library.render(context, withTemplate: "page") else {
            throw ReportError.badTemplate(name: "page", problem: "it is not registered")
        }
        return page
    }

    /// Mustache's own escaping goes by grapheme and lets a quote with a combining mark through.
    private struct PageText: MustacheContentType {
        func escapeText(_ text: String) -> String { Markup.escaped(text) }
    }
}
