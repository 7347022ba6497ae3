/// The page's templates, in Mustache. What comes from data stands in double braces and is escaped by
/// `PageText`; triple braces hold gnuplot's drawings alone.
enum PageTemplate {
    static let page = """
        {{% CONTENT_TYPE: PAGE}}<!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>{{title}}</title>
        <style>
        {{{style}}}
        </style>
        </head>
        <body>
        <header>
        <p class="kind">Align-TI report</p>
        <h1>{{title}}</h1>
        <p class="facts">{{facts}}</p>
        <nav aria-label="Contents"><ul>
        {{#sections}}<li><a href="#{{id}}">{{title}}</a></li>
        {{/sections}}</ul></nav>
        </header>
        <main>
        {{#sections}}
        <section id="{{id}}" aria-labelledby="{{id}}-title">
        <h2 id="{{id}}-title">{{title}}</h2>
        <p class="lead">{{lead}}</p>
        {{#blocks}}{{> block}}{{/blocks}}
        {{#hasSources}}<p class="sources">Made from {{#sources}}<a \
        href="#{{anchor}}">{{name}}</a>&nbsp;<code>{{digest}}</code> {{/sources}}</p>{{/hasSources}}
        </section>
        {{/sections}}
        </main>
        <footer><p>{{footer}}</p></footer>
        </body>
        </html>

        """

    static let block = """
        {{% CONTENT_TYPE: PAGE}}{{> leaf}}
        {{#folded}}<details class="folded"><summary>{{summary}}</summary>
        {{#inside}}{{> leaf}}{{/inside}}</details>{{/folded}}
        """

    static let leaf = """
        {{% CONTENT_TYPE: PAGE}}{{#paragraph}}<p>{{.}}</p>{{/paragraph}}
        {{#absent}}<p class="absent"><strong>Not in this run.</strong> {{.}}</p>{{/absent}}
        {{#table}}{{> table}}{{/table}}
        {{#figures}}{{> figures}}{{/figures}}
        {{#grid}}{{> grid}}{{/grid}}
        {{#answers}}{{> answers}}{{/answers}}
        {{#details}}{{> details}}{{/details}}
        """

    static let table = """
        {{% CONTENT_TYPE: PAGE}}<figure class="table">
        <figcaption><strong>{{title}}</strong>{{#hasCaption}} {{caption}}{{/hasCaption}}</figcaption>
        <div class="scroll" tabindex="0" role="region" aria-label="{{title}}"><table>
        <thead><tr>{{#columns}}<th scope="col"{{#number}} \
        class="number"{{/number}}>{{text}}</th>{{/columns}}</tr></thead>
        <tbody>
        {{#rows}}<tr{{#quiet}} class="quiet"{{/quiet}}>{{#cells}}{{#head}}<th \
        scope="row"{{#long}} class="long"{{/long}}>{{text}}</th>{{/head}}{{^head}}<td{{#number}} \
        class="number"{{/number}}>{{text}}</td>{{/head}}{{/cells}}</tr>
        {{/rows}}</tbody>
        </table></div>
        <p class="file">as {{file}}</p>
        </figure>
        """

    static let figures = """
        {{% CONTENT_TYPE: PAGE}}<div class="figures">
        {{#items}}<figure class="plot">
        {{{svg}}}
        {{#hasLegend}}<ul class="legend">{{#legend}}<li><svg viewBox="0 0 34 8" aria-hidden="true"><path \
        d="M1 4H33" stroke="var(--series-{{colour}})" stroke-width="2.4" \
        stroke-dasharray="{{dash}}"/></svg>{{name}}</li>{{/legend}}</ul>{{/hasLegend}}
        <figcaption>{{caption}} <span class="file">({{file}})</span></figcaption>
        </figure>
        {{/items}}</div>
        """

    static let grid = """
        {{% CONTENT_TYPE: PAGE}}<figure class="grid">
        <div class="scroll" tabindex="0" role="region" aria-label="Pictures"><table>
        {{#hasColumns}}<thead><tr><td></td>{{#columns}}<th \
        scope="col">{{.}}</th>{{/columns}}</tr></thead>{{/hasColumns}}
        <tbody>
        {{#rows}}<tr><th scope="row">{{heading}}<span \
        class="note">{{note}}</span></th>{{#cells}}<td>{{#hasPicture}}<img src="{{uri}}" \
        alt="{{alternative}}">{{/hasPicture}}<span class="note"><span class="mark {{kind}}">{{mark}}</span> \
        {{note}}</span></td>{{/cells}}</tr>
        {{/rows}}</tbody>
        </table></div>
        <figcaption>{{caption}} Dark to bright: <span class="ramp" role="img" aria-label="colours from dark \
        to bright"></span> none to most.</figcaption>
        </figure>
        """

    static let answers = """
        {{% CONTENT_TYPE: PAGE}}<h3>{{title}}</h3>
        <p>{{outcome}}</p>
        <div class="cards">
        {{#cards}}<article>
        {{#hasPicture}}<img src="{{uri}}" alt="The question’s image">{{/hasPicture}}
        <div><p class="question">{{question}}</p>
        <dl>{{#answers}}<div class="{{kind}}"><dt>{{model}}</dt><dd><span class="mark {{kind}}" \
        title="{{verdict}}">{{mark}}</span> {{text}}</dd></div>{{/answers}}
        <div class="gold"><dt>gold</dt><dd>{{gold}}</dd></div></dl></div>
        </article>
        {{/cards}}</div>
        """

    static let details = """
        {{% CONTENT_TYPE: PAGE}}<details id="{{id}}"><summary>{{summary}}</summary>
        <dl class="facts">{{#rows}}<div><dt>{{name}}</dt><dd>{{value}}</dd></div>{{/rows}}</dl>
        </details>
        """
}
