'use strict';
// Everything from the repository arrives as data and is shown as text: nothing
// here makes markup or script of it.
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const { levels, classes, positions, assets, verdicts, nodes, files, edges, cuts, rows, facts } = data;
  const [view, search, told, theme] = ['view', 'search', 'told', 'theme'].map((id) => document.getElementById(id));
  const MANY = 250;
  const KINDS = ['position', 'start', 'code', 'asset'];
  const state = { words: [], level: null, scope: null, row: null, back: null, all: false };

  const present = (children) => children.flat().filter((child) => child !== null && child !== undefined);
  const show = (...children) => view.replaceChildren(...present(children));
  const fill = (node, attributes, children) => {
    for (const [name, value] of Object.entries(attributes || {})) {
      if (typeof value === 'function') node.addEventListener(name, value);
      else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value);
    }
    node.append(...present(children));
    return node;
  };
  const el = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
  const svg = (tag, attributes, ...children) =>
    fill(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
  // A long name breaks behind its signs, not in its words.
  const breaks = (name) => name.split(/(?<=[_/:@-])/).flatMap((part) => [part, el('wbr')]);
  const count = (number, word) => `${number} ${word}${number === 1 ? '' : 's'}`;
  // For a shell that the reader pastes it into.
  const quoted = (word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

  const levelOf = (row) => verdicts[row[2]].level;
  const texts = new Map();
  const textOf = (row) => {
    if (!texts.has(row)) {
      const paths = row[3].flatMap((at) => edges[at].places.map((place) => (place[0] < 0 ? '' : files[place[0]].path)));
      const all = [positions[row[0]].word, positions[row[0]].who, assets[row[1]].word, verdicts[row[2]].text, ...paths];
      texts.set(row, all.join('\n').toLowerCase());
    }
    return texts.get(row);
  };
  const wanted = (row) => (state.level === null || levelOf(row) === state.level) &&
    state.words.every((word) => textOf(row).includes(word));
  const inScope = (row, { from, kind, asset }) => (from === null || row[0] === from) &&
    (kind === null || assets[row[1]].kind === kind) && (asset === null || row[1] === asset);
  const filtered = () => state.words.length > 0 || state.level !== null;

  // The address says what is shown, in the words of --from and --to.
  const address = (from, to) => {
    const words = new URLSearchParams();
    if (from !== null) words.set('from', from);
    if (to !== null) words.set('to', to);
    return `#${words}`;
  };
  const leave = () => { state.scope = null; location.hash = ''; };

  const route = () => {
    const words = new URLSearchParams(location.hash.slice(1));
    const [from, to] = [words.get('from'), words.get('to')];
    if (from === null && to === null) {
      state.scope = null;
      matrix(true);
      return;
    }
    const position = from === null ? null : positions.findIndex((one) => one.word === from);
    const kind = to === null ? null : classes.indexOf(to);
    const asset = to === null || kind >= 0 ? null : assets.findIndex((one) => one.word === to);
    if (position === -1 || asset === -1) {
      state.scope = null;
      matrix(false);
      told.textContent = `Nothing on this page is called ${position === -1 ? from : to}.`;
      view.prepend(el('p', { class: 'alert' }, told.textContent));
      return;
    }
    const exact = position !== null && asset !== null;
    const asked = rows.find((row) => exact && row[0] === position && row[1] === asset) || null;
    // The list stays what it was while one pair after the other is lit.
    if (!(state.scope && asked && inScope(asked, state.scope))) {
      const of = exact ? assets[asset].kind : kind < 0 ? null : kind;
      state.scope = { from: position, kind: of, asset: exact ? null : asset };
    }
    state.row = asked;
    ways(true);
  };

  const marked = (counts) => counts.map((number, level) => number === 0 ? null
    : el('span', { class: `l${level}` }, `${number}${levels[level].mark}`));
  const spoken = (counts) => counts.map((number, level) => number === 0 ? null
    : `${number} ${levels[level].text}`).filter(Boolean).join(', ') || 'no way';
  const verdictChip = (verdict) => el('span', { class: `chip l${verdict.level}` }, verdict.text);

  const tally = (chosen) => {
    const found = new Map();
    const add = (position, kind, level, number) => {
      if (!found.has(position)) found.set(position, classes.map(() => [0, 0, 0, 0]));
      found.get(position)[kind][level] += number;
    };
    for (const row of chosen) add(row[0], assets[row[1]].kind, levelOf(row), 1);
    if (!filtered()) for (const [position, kind, level, number] of data.more) add(position, kind, level, number);
    return found;
  };

  const matrix = (focus) => {
    const chosen = rows.filter(wanted);
    const found = tally(chosen);
    const order = positions.map((_, at) => at).filter((at) => found.has(at));
    const kinds = classes.map((_, at) => at).filter((at) => order.some((p) => found.get(p)[at].some((n) => n > 0)));
    const shown = state.all ? order : order.slice(0, MANY);
    document.title = data.title;
    const left = data.more.reduce((sum, one) => sum + one[3], 0);
    show(
      el('h1', {}, data.title),
      el('p', { class: 'under' }, data.revision ? ['At revision ', el('code', {}, data.revision), '. '] : [],
        data.settings ? 'With the settings of a snapshot.' : 'The settings were not seen: ways that hang on one are kept apart.'),
      unread(),
      el('div', { class: 'levels', role: 'group', 'aria-label': 'How far the ways lead; each shows its pairs alone' },
        levels.map((level, at) => el('button', { type: 'button', class: `l${at}`, 'aria-pressed': String(state.level === at),
          click: () => { state.level = state.level === at ? null : at; matrix(false); view.querySelectorAll('.levels button')[at].focus(); } },
          el('b', {}, `${data.totals[at]}${levels[at].mark}`), el('span', {}, level.text)))),
      order.length === 0
        ? el('p', {}, filtered() ? 'No pair matches. Escape in the search field shows everything.' : 'No way was found.')
        : table(found, shown, kinds),
      order.length > shown.length
        ? el('p', { class: 'note' }, el('button', { type: 'button', class: 'more', click: () => { state.all = true; matrix(false); } },
          `Show ${order.length - shown.length} more positions`))
        : null,
      el('p', { class: 'note' }, 'Each cell counts assets. Arrow keys move, Enter shows the ways, Escape goes back, / searches.',
        left > 0 ? ` ${count(left, 'pair')} of the fullest cells are counted here, and their ways are not on this page.` : ''),
      unknown());
    told.textContent = filtered() ? `${chosen.length} of ${count(rows.length, 'pair')} match` : '';
    const cell = focus && state.back ? view.querySelector(`[data-at="${state.back}"]`) : null;
    if (cell) rove(cell);
  };

  const table = (found, shown, kinds) => {
    const head = el('tr', { role: 'row' }, el('th', { role: 'columnheader', scope: 'col' }, 'From'),
      kinds.map((kind) => el('th', { role: 'columnheader', scope: 'col', tabindex: -1, 'data-at': `-.${kind}`, 'data-open': '',
        title: `Everybody who reaches ${classes[kind]}` }, classes[kind])));
    const body = shown.map((at) => el('tr', { role: 'row' },
      el('th', { role: 'rowheader', scope: 'row', tabindex: -1, 'data-at': `${at}.-`, 'data-open': '', title: `${positions[at].word}: ${positions[at].who}` },
        positions[at].word, positions[at].word.includes(':') ? null : el('span', { class: 'who' }, positions[at].who)),
      kinds.map((kind) => {
        const counts = found.get(at)[kind];
        const worst = counts.findIndex((number) => number > 0);
        const label = `${positions[at].word}, ${classes[kind]}: ${spoken(counts)}`;
        if (worst < 0) return el('td', { role: 'gridcell', tabindex: -1, class: 'none', 'aria-label': label, 'data-at': `${at}.${kind}` }, '·');
        return el('td', { role: 'gridcell', tabindex: -1, 'aria-label': label, 'data-at': `${at}.${kind}`, 'data-open': '', 'data-level': worst },
          el('span', { class: 'in', 'data-class': classes[kind] }, marked(counts)));
      })));
    const grid = el('table', { class: 'grid', role: 'grid', 'aria-label': 'Positions by classes of assets, worst first',
      keydown: walk, click: (event) => enter(event.target.closest('[data-open]')) },
      el('thead', { role: 'rowgroup' }, head), el('tbody', { role: 'rowgroup' }, body));
    (grid.querySelector('tbody td[data-open]') || grid.querySelector('[data-at]')).tabIndex = 0;
    return grid;
  };
  const rove = (cell) => {
    for (const one of view.querySelectorAll('.grid [tabindex="0"]')) one.tabIndex = -1;
    cell.tabIndex = 0;
    cell.focus();
  };
  const enter = (cell) => {
    if (!cell) return;
    const [position, kind] = cell.dataset.at.split('.');
    state.back = cell.dataset.at;
    location.hash = address(position === '-' ? null : positions[position].word, kind === '-' ? null : classes[kind]);
  };
  const walk = (event) => {
    const cell = event.target.closest('[data-at]');
    if (!cell || event.altKey || event.metaKey) return;
    const lines = [...cell.closest('table').rows].map((line) => [...line.cells].map((one) =>
      'at' in one.dataset && one.offsetParent !== null ? one : null));
    const y = lines.findIndex((line) => line.includes(cell));
    const x = lines[y].indexOf(cell);
    // A column that is hidden in a line is looked for to the left.
    const near = (line) => line && (line[x] || line.slice(0, x).reverse().find(Boolean));
    const found = {
      Enter: () => 'open' in cell.dataset && enter(cell),
      ' ': () => 'open' in cell.dataset && enter(cell),
      ArrowRight: () => lines[y].slice(x + 1).find(Boolean),
      ArrowLeft: () => lines[y].slice(0, x).reverse().find(Boolean),
      ArrowDown: () => lines.slice(y + 1).map(near).find(Boolean),
      ArrowUp: () => lines.slice(0, y).reverse().map(near).find(Boolean),
      PageDown: () => near(lines[y + 10] || lines.at(-1)),
      PageUp: () => near(lines[Math.max(y - 10, 1)]),
      Home: () => (event.ctrlKey ? lines[1] : lines[y]).find(Boolean),
      End: () => (event.ctrlKey ? lines.at(-1) : lines[y]).findLast(Boolean),
    }[event.key];
    if (!found) return;
    event.preventDefault();
    const to = found();
    if (to) rove(to);
  };

  const unread = () => data.unread.length === 0 ? null : el('section', { class: 'alert', 'aria-label': 'Not read' },
    el('h2', {}, 'Not read as a whole; nothing is proven about it'),
    el('ul', {}, data.unread.map((one) => el('li', {}, el('code', {}, one[0]), one[0] ? ': ' : '', one[1]))));
  const unknown = () => facts.length === 0 ? null : el('section', {},
    el('h2', {}, 'Not known, and deciding'),
    el('ul', { class: 'facts' }, facts.map(([fact, pairs, settle]) => el('li', {}, el('code', {}, fact),
      el('span', { class: 'dim' }, `decides ${count(pairs, 'pair')}`), el('code', { class: 'command' }, settle)))));

  // The ways of one cell: the pairs beside the one that is lit.
  const ways = (focus) => {
    const scope = state.scope;
    let pairs = rows.filter((row) => inScope(row, scope));
    const narrowed = pairs.filter(wanted);
    if (filtered() && (state.row === null || narrowed.includes(state.row))) pairs = narrowed;
    pairs.sort((a, b) => levelOf(a) - levelOf(b));
    const row = state.row || pairs[0] || null;
    const shown = pairs.slice(0, MANY);
    if (row && !shown.includes(row)) shown.push(row);
    const from = scope.from === null ? 'Everybody' : positions[scope.from].word;
    const to = scope.asset !== null ? assets[scope.asset].word : scope.kind !== null ? classes[scope.kind] : 'everything';
    const left = data.more.filter((one) => (scope.from === null || one[0] === scope.from) &&
      (scope.kind === null || one[1] === scope.kind)).reduce((sum, one) => sum + one[3], 0);
    const command = ['cofferdam exposure', scope.from === null ? '' : `--from ${quoted(from)}`,
      to === 'everything' ? '' : `--to ${quoted(to)}`, '--explain --all'].filter(Boolean).join(' ');
    const article = el('article', { class: 'way', 'aria-live': 'off' });
    const option = (one) => el('div', { role: 'option', tabindex: one === row ? 0 : -1, 'aria-selected': String(one === row),
      click: (event) => choose(event.currentTarget, one) },
      el('span', { class: 'word' }, scope.from === null ? breaks(`${positions[one[0]].word} → `) : null, breaks(assets[one[1]].word)),
      el('small', { class: `l${levelOf(one)}` }, verdicts[one[2]].text));
    const choose = (item, one) => {
      for (const other of list.children) fill(other, { 'aria-selected': String(other === item), tabindex: other === item ? 0 : -1 }, []);
      item.focus();
      state.row = one;
      history.replaceState(null, '', address(positions[one[0]].word, assets[one[1]].word));
      way(article, one, shown);
    };
    const list = el('div', { class: 'pairs', role: 'listbox', 'aria-label': 'Pairs, worst first', keydown: (event) => {
      const items = [...list.children];
      const at = items.indexOf(event.target);
      const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
      if (event.key === 'Enter' && at >= 0) { event.preventDefault(); article.querySelector('h2').focus(); }
      if (next === undefined || !items[next]) return;
      event.preventDefault();
      choose(items[next], shown[next]);
    } }, shown.map(option));
    const rest = left + Math.max(0, pairs.length - MANY);
    document.title = `${from} → ${to}`;
    show(
      el('div', { class: 'way-head' }, el('button', { type: 'button', class: 'back', click: leave }, '← All'),
        el('div', {}, el('h1', {}, from, ' → ', to),
          el('p', { class: 'under' }, scope.from === null ? '' : `${positions[scope.from].who}: `, count(pairs.length + left, 'pair'),
            filtered() ? ' that match' : '', rest > 0 ? [`; ${rest} of them not listed here: `, el('code', {}, command)] : ''))),
      row ? el('div', { class: 'ways' }, list, article) : el('p', {}, 'There is no such way', left > 0 ? ' on this page.' : '.'));
    if (!row) return;
    way(article, row, shown);
    const selected = list.querySelector('[aria-selected="true"]');
    if (focus) { selected.focus({ preventScroll: true }); selected.scrollIntoView({ block: 'nearest' }); }
  };

  const way = (article, row, beside) => {
    const verdict = verdicts[row[2]];
    const seen = new Map();
    const drawing = el('div', { class: 'drawing' });
    article.replaceChildren(...present([
      el('h2', { tabindex: -1 }, `${positions[row[0]].word} → ${assets[row[1]].word}`), verdictChip(verdict), drawing,
      el('section', {}, el('h3', {}, 'The way, with its evidence'),
        el('ol', { class: 'steps' }, row[3].map((at, number) => step(edges[at], number + 1, seen)))),
      el('section', {}, el('h3', {}, 'What closes it, the cheapest first'),
        row[4].length === 0 ? el('p', { class: 'under' }, 'No one or two changes that are known close it.')
          : el('ol', { class: 'cuts' }, row[4].map((set) => el('li', {}, el('ul', { 'aria-label': set.length > 1 ? 'Both together' : 'Alone' },
            set.map((cut) => el('li', {}, el('span', {}, cuts[cut][0]), el('span', { class: 'cost' }, cuts[cut][1])))))))),
      verdict.settle.length === 0 ? null : el('section', {}, el('h3', {}, 'What is not known, and what settles it'),
        el('ul', { class: 'settle' }, verdict.settle.map(([fact, command]) =>
          el('li', {}, el('code', {}, fact), ' ', el('code', { class: 'command' }, command))))),
    ]));
    redraw = () => draw(drawing, row, beside);
    redraw();
    watch.disconnect();
    watch.observe(drawing);
  };
  let redraw = () => {};
  const watch = new ResizeObserver(() => requestAnimationFrame(() => redraw()));

  const step = (edge, number, seen) => {
    const verdict = verdicts[edge.verdict];
    return el('li', {}, el('div', { class: `count l${verdict.level}`, 'aria-hidden': 'true' }, number),
      el('div', {}, el('p', { class: 'what' }, nodes[edge.from].text, el('span', { class: 'dim' }, ' → '), nodes[edge.to].text,
        verdict.level === 0 ? null : verdictChip(verdict)),
      edge.places.map((place) => evidence(place, number, seen))));
  };
  const evidence = ([file, line, end, what], number, seen) => {
    if (file < 0) return el('p', { class: 'under' }, what);
    const name = `${files[file].path}:${line}`;
    const caption = el('figcaption', {}, el('code', {}, name), el('span', {}, what));
    const before = seen.get(`${name}-${end}`);
    if (before) {
      caption.append(el('span', { class: 'dim' }, `lines shown at step ${before}`));
      return el('figure', {}, caption);
    }
    seen.set(`${name}-${end}`, number);
    const all = files[file].parts.flatMap(([start, part]) => part.map((text, at) => [start + at, text]));
    const lines = all.filter(([at]) => at >= line - data.around && at <= end + data.around).map(([at, text]) =>
      el('div', { class: at >= line && at <= end ? 'at' : null }, el('span', { class: 'no' }, at), el('span', {}, text)));
    return el('figure', {}, caption, lines.length === 0 ? null
      : el('pre', { tabindex: 0, role: 'region', 'aria-label': `${name}, ${what}` }, lines));
  };

  // The graph of the pairs beside each other, with one way lit along its top; on a narrow screen that way alone.
  const draw = (into, row, beside) => {
    const width = Math.max(220, into.clientWidth - 36);
    const narrow = width < 560;
    const many = [row, ...(narrow ? [] : beside.filter((one) => one !== row && one[3].length <= Math.max(3, row[3].length)))];
    const last = Math.max(...many.map((one) => one[3].length));
    const column = new Map();
    for (const one of many) {
      const points = [edges[one[3][0]].from, ...one[3].map((at) => edges[at].to)];
      points.forEach((node, depth) => {
        if (!column.has(node)) column.set(node, depth === points.length - 1 ? last : depth);
      });
    }
    const lit = row[3];
    const on = new Set([edges[lit[0]].from, ...lit.map((at) => edges[at].to)]);
    const columns = Array.from({ length: last + 1 }, () => [null]);
    for (const [node, x] of column) {
      if (on.has(node)) columns[x][0] = node;
      else if (columns[x].length < 5) columns[x].push(node);
    }
    const gap = narrow ? 34 : last > 3 ? 42 : 64;
    const wide = narrow ? width : Math.min(250, (width - gap * last) / (last + 1));
    const high = wide < 200 ? 76 : 60;
    const height = narrow ? (last + 1) * high + last * gap : Math.max(...columns.map((of) => of.length)) * (high + 12) - 12;
    const at = new Map();
    columns.forEach((of, x) => of.forEach((node, y) => node !== null && at.set(node,
      narrow ? [0, x * (high + gap)] : [x * (width - wide) / last, y * (high + 12)])));
    const drawn = new Set(many.flatMap((one) => one[3]).filter((one) => {
      const [from, to] = [at.get(edges[one].from), at.get(edges[one].to)];
      return from && to && (narrow || from[0] < to[0]);
    }));
    const lines = [...drawn].sort((a, b) => lit.includes(a) - lit.includes(b))
      .map((one) => arrow(at.get(edges[one].from), at.get(edges[one].to), edges[one], lit.indexOf(one) + 1, wide, high, narrow));
    const label = lit.map((one) => nodes[edges[one].to].text).join(', then ');
    into.replaceChildren(svg('svg', { viewBox: `-2 -2 ${width + 4} ${height + 4}`, role: 'img', 'aria-label': `From ${positions[row[0]].word}: ${label}` },
      lines, [...at].map(([node, [x, y]]) => box(nodes[node], x, y, wide, high, on.has(node)))));
  };
  const arrow = (from, to, edge, number, wide, high, narrow) => {
    const { level } = verdicts[edge.verdict];
    const [x, y, u, v] = narrow ? [wide / 2, from[1] + high, wide / 2, to[1]]
      : [from[0] + wide, from[1] + high / 2, to[0], to[1] + high / 2];
    const bend = (u - x) / 2;
    const path = narrow ? `M${x} ${y}V${v - 6}` : `M${x} ${y}C${x + bend} ${y} ${u - bend} ${v} ${u - (number ? 7 : 0)} ${v}`;
    if (!number) return svg('path', { class: 'edge', d: path });
    const tip = narrow ? `M${u} ${v}l-5 -8h10z` : `M${u} ${v}l-8 -5v10z`;
    const [mx, my] = narrow ? [x, (y + v) / 2 - 3] : [(x + u) / 2 - 3, (y + v) / 2];
    return svg('g', { class: `l${level}` }, svg('path', { class: `edge on d${level}`, d: path }), svg('path', { class: 'tip', d: tip }),
      svg('circle', { class: 'badge', cx: mx, cy: my, r: 10 }), svg('text', { class: 'number', x: mx, y: my + 4 }, number));
  };
  // What kind of point it is above, and its name below on as many lines as fit.
  const box = (node, x, y, wide, high, lit) => {
    const fits = Math.max(8, Math.floor((wide - (node.kind === 0 ? 40 : 26)) / 7.4));
    const [, lead, name] = node.text.match(/^(code in a container of|code in|causes|decides what|[a-z]+(?=:)):? ?(.+)$/) || [null, KINDS[node.kind], node.text];
    const lines = [];
    for (let rest = name; rest !== '';) {
      const final = lines.length + 1 === (high > 60 ? 3 : 2);
      const [space, ...signs] = [' ', '/', '-', '_'].map((sign) => rest.lastIndexOf(sign, fits - 1) + 1);
      const cut = space > fits * 0.45 ? space : Math.max(space, ...signs);
      const end = rest.length <= fits ? rest.length : cut > fits / 3 ? cut : fits;
      lines.push(final && rest.length > fits ? `${rest.slice(0, Math.ceil(fits / 3))}…${rest.slice(rest.length - fits + Math.ceil(fits / 3) + 1)}` : rest.slice(0, end));
      rest = final ? '' : rest.slice(end);
    }
    const left = x + (node.kind === 0 ? 22 : 13);
    const top = y + (high - 16 * lines.length - 12) / 2 + 9;
    return svg('g', { class: lit ? 'lit' : 'faint' }, svg('title', {}, node.text),
      svg('rect', { class: 'box', x, y, width: wide, height: high, rx: node.kind === 0 ? 30 : 6 }),
      node.kind === 3 ? svg('path', { class: 'box', d: `M${x + wide - 5} ${y + 1}V${y + high - 1}` }) : null,
      svg('text', { class: 'kind', x: left, y: top }, lead),
      lines.map((line, at) => svg('text', { x: left, y: top + 16 * (at + 1) }, line)));
  };

  search.addEventListener('input', () => {
    state.words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    if (state.scope) ways(false);
    else matrix(false);
  });
  document.addEventListener('keydown', (event) => {
    if (event.key === '/' && event.target !== search && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      search.focus();
    } else if (event.key === 'Escape' && event.target === search && search.value !== '') {
      event.preventDefault();
      search.value = '';
      search.dispatchEvent(new Event('input'));
    } else if (event.key === 'Escape' && state.scope) leave();
    else if ((event.key === 'ArrowDown' || event.key === 'Enter') && event.target === search) {
      const first = view.querySelector('.grid tbody td[data-open], [role="option"]');
      if (first) event.preventDefault();
      if (first) (state.scope ? first.focus() : rove(first));
    }
  });
  theme.addEventListener('click', () => {
    const next = { system: 'dark', dark: 'light', light: 'system' }[document.documentElement.dataset.theme || 'system'];
    document.documentElement.dataset.theme = next;
    theme.lastElementChild.textContent = next[0].toUpperCase() + next.slice(1);
    theme.setAttribute('aria-label', `Theme: ${next}`);
  });
  addEventListener('hashchange', route);
  route();
})();
