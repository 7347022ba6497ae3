/// The page's style sheet: one column of text, calm colours in light and dark, tables that scroll on their
/// own.
enum PageStyle {
    static let sheet = """
        :root {
          --paper: #fdfdfb; --ink: #23272b; --soft: #5d666f; --line: #d9dcdd; --tint: #f2f4f3;
          --link: #1a5f8a;
          --good: #1d7a4c; --bad: #b3402e; --middle: #8a6d1a;
          --series-1: #1f6f9f; --series-2: #c2601c; --series-3: #2f8a5b; --series-4: #8b5aa8;
          --series-5: #7a6a1f; --series-6: #b0446f; --series-7: #4a6a78; --series-8: #6b4a35; }
        @media (prefers-color-scheme: dark) {
          :root {
            --paper: #16191c; --ink: #e3e6e8; --soft: #a3adb5; --line: #3a4147; --tint: #20252a;
            --link: #7dbbe3;
            --good: #6cc496; --bad: #ee8a78; --middle: #d9b95c;
            --series-1: #6bb1dd; --series-2: #eb9a5d; --series-3: #6fc498; --series-4: #c19bdb;
            --series-5: #c9b766; --series-6: #e58bb0; --series-7: #9bb9c6; --series-8: #c6a28b; }
        }
        * { box-sizing: border-box; }
        html { font: 17px/1.55 Charter, "Bitstream Charter", Georgia, serif; color: var(--ink);
          background: var(--paper); -webkit-text-size-adjust: 100%; }
        body { max-width: 66rem; margin: 0 auto; padding: 2rem 1.2rem 4rem; }
        h1, h2, h3, nav, table, figcaption, .kind, .facts, .legend, .file, .sources, .absent, .cards,
          details, footer, svg text {
          font-family: system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
        h1 { font-size: 2rem; line-height: 1.15; margin: 0 0 .4rem; font-weight: 650;
          overflow-wrap: anywhere; }
        h2 { font-size: 1.35rem; line-height: 1.25; margin: 3.2rem 0 .5rem; padding-top: 1.1rem;
          border-top: 1px solid var(--line); font-weight: 650; }
        h3 { font-size: 1.02rem; margin: 2rem 0 .3rem; font-weight: 650; }
        p { max-width: 42rem; margin: .5rem 0 .9rem; }
        a { color: var(--link); text-decoration-thickness: 1px; text-underline-offset: .15em; }
        code { font: .85em ui-monospace, "DejaVu Sans Mono", Menlo, monospace; }
        .kind { text-transform: uppercase; letter-spacing: .08em; font-size: .75rem; color: var(--soft);
          margin: 0 0 .3rem; }
        .facts { color: var(--soft); font-size: .88rem; }
        nav ul { list-style: none; display: flex; flex-wrap: wrap; gap: .3rem 1.1rem; padding: 0;
          margin: 1.2rem 0 0; font-size: .92rem; }
        .lead { color: var(--ink); }
        .absent { border-left: 3px solid var(--line); padding: .1rem 0 .1rem .8rem; color: var(--soft);
          font-size: .9rem; }
        .absent strong { font-weight: 600; }
        .sources, .file { color: var(--soft); font-size: .78rem; }
        .sources { max-width: none; overflow-wrap: anywhere; }
        figure { margin: 1.4rem 0; }
        figcaption { color: var(--soft); font-size: .88rem; line-height: 1.45; max-width: 46rem; }
        figcaption strong { color: var(--ink); font-weight: 600; }
        p.file { margin: .3rem 0 0; }
        .scroll { overflow-x: auto; max-width: 100%; -webkit-overflow-scrolling: touch; }
        table { border-collapse: collapse; font-size: .84rem; line-height: 1.35; margin: .5rem 0 0;
          font-variant-numeric: tabular-nums; }
        th, td { text-align: left; padding: .34rem .55rem .34rem 0; border-bottom: 1px solid var(--line);
          vertical-align: baseline; font-weight: 400; }
        thead th { color: var(--soft); font-size: .82rem; border-bottom: 1.5px solid var(--soft);
          white-space: nowrap; vertical-align: bottom; }
        tbody th { font-weight: 600; }
        .table tbody th { white-space: nowrap; position: sticky; left: 0; background: var(--paper); }
        .table tbody th.long { white-space: normal; overflow-wrap: anywhere; min-width: 14rem; }
        .table td:not(.number) { min-width: 7.5rem; }
        td:last-child, th:last-child { padding-right: .2rem; }
        .number { text-align: right; white-space: nowrap; }
        tr.quiet th, tr.quiet td { color: var(--soft); font-weight: 400; font-style: italic; }
        .figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 25rem), 1fr));
          gap: .6rem 2rem; }
        .plot { margin: .6rem 0; min-width: 0; break-inside: avoid; }
        .plot > svg { width: 100%; height: auto; display: block; max-width: 34rem; }
        .legend { list-style: none; display: flex; flex-wrap: wrap; gap: .1rem 1rem; padding: 0;
          margin: .2rem 0 .4rem; font-size: .85rem; }
        .legend svg { width: 34px; height: 8px; margin-right: .4rem; vertical-align: middle; fill: none; }
        .grid table { border-spacing: 0; }
        .grid th, .grid td { border: 0; padding: .25rem .6rem .6rem 0; vertical-align: top;
          white-space: normal; }
        .grid thead th { color: var(--ink); font-size: .82rem; vertical-align: bottom; border: 0;
          width: 10.5rem; }
        .grid tbody th { width: 7rem; }
        .grid img { display: block; width: 10.5rem; height: auto; image-rendering: pixelated;
          border-radius: 3px; }
        .ramp { display: inline-block; width: 5rem; height: .7em; margin: 0 .35em; border-radius: 2px;
          vertical-align: -.05em; background: linear-gradient(90deg, #2b2723, #fa9a34);
          print-color-adjust: exact; -webkit-print-color-adjust: exact; }
        .note { display: block; color: var(--soft); font-size: .78rem; font-weight: 400;
          overflow-wrap: anywhere; }
        .mark { font-weight: 700; }
        .mark.right { color: var(--good); } .mark.wrong, .mark.missing { color: var(--bad); }
        .mark.partly { color: var(--middle); }
        .cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 23rem), 1fr));
          gap: 1rem 1.6rem; font-size: .86rem; line-height: 1.4; }
        .cards article { display: flex; gap: .8rem; align-items: flex-start;
          border-top: 1px solid var(--line); padding-top: .7rem; break-inside: avoid; min-width: 0; }
        .cards article > div { min-width: 0; flex: 1; }
        .cards img { width: 5.6rem; height: auto; flex: none; border-radius: 3px;
          image-rendering: pixelated; }
        .question { white-space: pre-line; margin: 0 0 .4rem; overflow-wrap: anywhere; }
        .cards dl { margin: 0; }
        .cards dl div { display: grid; grid-template-columns: 6.2rem 1fr; gap: .5rem; }
        dt { color: var(--soft); overflow-wrap: anywhere; } dd { margin: 0; overflow-wrap: anywhere; }
        .gold dd { font-weight: 600; }
        details { border-top: 1px solid var(--line); padding: .45rem 0; font-size: .86rem; }
        details.folded { font-size: 1rem; margin: 1.2rem 0; } details.folded > summary { font-size: .95rem;
          font-weight: 600; }
        summary { cursor: pointer; overflow-wrap: anywhere; }
        details dl div { display: grid; grid-template-columns: minmax(7rem, 14rem) 1fr; gap: .8rem;
          padding: .15rem 0; }
        details dd { font: .92em/1.45 ui-monospace, "DejaVu Sans Mono", Menlo, monospace; }
        :target { background: var(--tint); }
        footer { margin-top: 3rem; border-top: 1px solid var(--line); color: var(--soft); font-size: .82rem; }
        @media (max-width: 34rem) { html { font-size: 16px; } body { padding: 1.2rem 1rem 3rem; }
          h1 { font-size: 1.6rem; } .cards img { width: 4.6rem; } th, td { padding-right: .45rem; }
          table { font-size: .8rem; } thead th { font-size: .74rem; }
          .grid img, .grid thead th { width: 7rem; } .grid tbody th { width: 4.8rem; } }
        @media print {
          :root { --paper: #fff; --ink: #000; --soft: #444; --line: #d4d4d4; --tint: #fff; --link: #000;
            --series-1: #1f6f9f; --series-2: #c2601c; --series-3: #2f8a5b; --series-4: #8b5aa8;
            --good: #1d7a4c; --bad: #b3402e; --middle: #8a6d1a; }
          html { font-size: 10.5pt; } body { max-width: none; padding: 0; } nav { display: none; }
          a { text-decoration: none; }
          .scroll { overflow: visible; } .table tbody th { position: static; white-space: normal; }
          h2 { break-after: avoid; } tr, figure, article { break-inside: avoid; }
          .figures { grid-template-columns: 1fr 1fr; } table { font-size: .8rem; }
          .grid img, .grid thead th { width: 7rem; } .grid { margin: .8rem 0; }
        }
        """
}
