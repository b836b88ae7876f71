// How the page looks: by the reader's own choice of light and dark, and in a narrow window too.

extension ChatPage {
  static let styleText = """
    :root {
      color-scheme: light dark;
      --back: #fff; --front: #1b1d1f; --dim: #62686e; --line: #d9dde1; --soft: #f3f5f7;
      --own: #e6f0fb; --accent: #0b5cad; --on-accent: #fff; --bad: #a4161a;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --back: #16181a; --front: #e6e8ea; --dim: #9aa1a8; --line: #33383d; --soft: #1f2326;
        --own: #1c2f44; --accent: #6cb2ff; --on-accent: #10202f; --bad: #ff8f8f;
      }
    }
    * { box-sizing: border-box; }
    [hidden] { display: none !important; }
    html, body { height: 100%; }
    body {
      margin: 0; display: flex; flex-direction: column; height: 100dvh;
      background: var(--back); color: var(--front); font: 16px/1.55 system-ui, sans-serif;
    }
    header {
      display: flex; flex-wrap: wrap; align-items: center; gap: .4em 1em; padding: .5em 1em;
      border-bottom: 1px solid var(--line);
    }
    header h1 { font-size: 1.1em; margin: 0; }
    header label { flex: 0 1 auto; min-width: 0; color: var(--dim); }
    header select { max-width: 60vw; }
    nav { margin-left: auto; display: flex; gap: 1em; }
    a { color: var(--accent); overflow-wrap: anywhere; }
    header, #ask > :not(details) { flex: none; }
    main { flex: 1 0 25%; overflow-y: auto; padding: 0 1em; }
    #messages, #entry, #ask > *, noscript p { max-width: 48rem; margin-inline: auto; }
    #entry { padding: 1.5em 0; }
    button, input, select, textarea { font: inherit; color: inherit; }
    input, select, textarea {
      background: var(--back); border: 1px solid var(--line); border-radius: .4em; padding: .3em .5em;
    }
    button {
      background: var(--soft); border: 1px solid var(--line); border-radius: .4em; padding: .3em .8em;
      cursor: pointer;
    }
    button:disabled { opacity: .5; cursor: default; }
    :focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
    article { padding: .8em 0; overflow-wrap: anywhere; }
    article h2 { font-size: .8em; margin: 0 0 .2em; color: var(--dim); font-weight: 600; }
    article.user p {
      white-space: pre-wrap; background: var(--own); border-radius: .6em; padding: .5em .8em; margin: 0;
      width: fit-content; max-width: 100%;
    }
    article footer {
      display: flex; flex-wrap: wrap; gap: .5em 1em; align-items: center; margin-top: .5em;
      color: var(--dim); font-size: .85em;
    }
    strong:is(footer *), .notice, #refusal { color: var(--bad); }
    .notice button { margin-left: 1em; }
    article > details {
      color: var(--dim); border-left: 3px solid var(--line); padding-left: .8em; margin-bottom: .6em;
    }
    .words > :first-child { margin-top: 0; }
    .words > :last-child { margin-bottom: 0; }
    .words :is(h2, h3, h4, h5, h6) {
      font-size: 1.1em; color: inherit; margin: 1em 0 .4em; font-weight: 700;
    }
    .words h2 { font-size: 1.25em; }
    figure { margin: .8em 0; border: 1px solid var(--line); border-radius: .5em; overflow: hidden; }
    figcaption {
      display: flex; justify-content: space-between; align-items: center; min-height: 1.5em;
      padding: .2em .3em .2em .8em; background: var(--soft); color: var(--dim); font-size: .8em;
    }
    figcaption button { padding: 0 .6em; background: none; }
    pre { margin: 0; padding: .7em .8em; overflow-x: auto; }
    code { font: .88em/1.5 ui-monospace, monospace; }
    :not(pre) > code { background: var(--soft); border-radius: .3em; padding: .1em .3em; }
    blockquote { margin: .8em 0; padding-left: .8em; border-left: 3px solid var(--line); color: var(--dim); }
    .table { overflow-x: auto; margin: .8em 0; }
    table { border-collapse: collapse; }
    th, td { border: 1px solid var(--line); padding: .25em .6em; text-align: left; overflow-wrap: normal; }
    .right { text-align: right; }
    hr { border: 0; border-top: 1px solid var(--line); }
    .words li > p { margin: .4em 0; }
    #ask {
      display: flex; flex-direction: column; min-height: 0; padding: .6em 1em;
      border-top: 1px solid var(--line);
    }
    #ask > * { width: 100%; }
    /* Settings give way where a window is low: what is sent, and how, stays in sight. */
    #ask details { flex: 0 1 auto; min-height: 1.6em; padding-inline: 4px; overflow-y: auto; }
    #ask summary {
      position: sticky; top: 0; background: var(--back); color: var(--dim); font-size: .85em;
      cursor: pointer;
    }
    #ask details label { display: block; margin: .4em 0; color: var(--dim); }
    #instructions { display: block; width: 100%; color: var(--front); }
    #temperature, #tokens { width: 7em; color: var(--front); }
    #line { display: flex; gap: .5em; align-items: flex-end; margin-top: .3em; }
    #text { flex: 1; min-width: 0; resize: none; padding: .5em .7em;
      max-height: min(40dvh, 100dvh - 24rem); }
    #send { background: var(--accent); color: var(--on-accent); border-color: var(--accent);
      padding: .5em 1.1em; }
    #ask > p { margin: .5em auto 0; color: var(--dim); font-size: .75em; line-height: 1.4; }
    @media (max-height: 32rem) {
      header { padding-block: .2em; }
      #ask { padding-block: .3em; }
      #text { max-height: 22dvh; padding-block: .3em; }
      #send { padding-block: .3em; }
      #ask > p { margin-top: .2em; line-height: 1.25; }
      .keys { display: none; }
    }
    @media (max-width: 30rem) {
      header { padding: .4em .7em; }
      main, #ask { padding-inline: .7em; }
      .keys { display: none; }
    }

    """
}
