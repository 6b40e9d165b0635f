"use strict";
const read = (id) => JSON.parse(document.getElementById(id).textContent);
const charts = read("charts"), groups = read("groups");
const SVG = "http://www.w3.org/2000/svg", COLOURS = 8, PAGE = 10;
const TIMES = { "train s": "seconds of training", "query ms": "ms of one query", "batch ms": "ms a document in a batch" };

// Text is only ever set as text: titles may hold any characters.
function element(name, className = "", content = undefined) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (content !== undefined) made.textContent = content;
  return made;
}

function shape(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

const short = (value) => Math.abs(value) >= 1000 ? value.toLocaleString("en") : String(Number(value.toPrecision(4)));

// ---- charts

// Told apart by shape as well as by colour.
const MARKS = [
  "M0-5A5 5 0 1 1 0 5A5 5 0 1 1 0-5Z", "M-4.5-4.5H4.5V4.5H-4.5Z", "M0-5.5L5.5 4.5H-5.5Z", "M0-6L6 0L0 6L-6 0Z",
  "M0 5.5L5.5-4.5H-5.5Z", "M-2-5.5H2V-2H5.5V2H2V5.5H-2V2H-5.5V-2H-2Z", "M-5-2L-2-5H2L5-2V2L2 5H-2L-5 2Z",
  "M-5.5-3L-3-5.5L0-2.5L3-5.5L5.5-3L2.5 0L5.5 3L3 5.5L0 2.5L-3 5.5L-5.5 3L-2.5 0Z",
];

// The second time round, each colour gets another shape.
function mark(number, x, y, size = 1) {
  const form = MARKS[(number + 3 * Math.floor(number / COLOURS)) % COLOURS];
  const made = shape("path", { d: form, class: "mark", transform: `translate(${x} ${y}) scale(${size})` });
  made.style.setProperty("--own", `var(--c${number % COLOURS})`);
  return made;
}

function ticks(low, high, log, most) {
  const found = [];
  if (log) {
    for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
      for (const part of [1, 2, 5]) {
        const value = part * 10 ** power;
        if (value >= low * 0.999 && value <= high * 1.001) found.push(value);
      }
    }
    const decades = found.filter((value) => Number.isInteger(Math.round(1e6 * Math.log10(value)) / 1e6));
    return found.length <= most || decades.length < 2 ? found : decades;
  }
  const rough = (high - low) / most, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((part) => part * power).find((each) => each >= rough * 0.999);
  for (let value = Math.ceil(low / step - 1e-9) * step; value <= high + step * 1e-9; value += step) found.push(value);
  return found;
}

// A scale from values to pixels. Places with names have room of 1 each.
function scale(axis, values, start, end, zero, most) {
  let low = Math.min(...values), high = Math.max(...values), at = (value) => value, shown;
  if (axis.ticks) {
    [low, high] = [0.5, axis.ticks.length + 0.5];
    shown = axis.ticks.map((name, place) => [place + 1, name]);
  } else if (axis.log) {
    at = Math.log10;
    [low, high] = low === high ? [low / 2, high * 2] : [low / (high / low) ** 0.08, high * (high / low) ** 0.08];
    shown = ticks(low, high, true, most).map((value) => [value, short(value)]);
  } else {
    if (zero) low = Math.min(0, low);
    const room = (high - low || 1) * 0.06;
    high += room;
    if (!(zero && low === 0)) low -= room;
    shown = ticks(low, high, false, most).map((value) => [value, short(value)]);
  }
  const to = (value) => start + (end - start) * (at(value) - at(low)) / (at(high) - at(low));
  return { to, shown };
}

function draw(plot, chart) {
  const width = Math.max(plot.clientWidth, 240), height = Math.round(Math.min(340, Math.max(230, width * 0.5)));
  const all = chart.series.map((series, number) => ({ ...series, number })).filter((series) => series.shown);
  const points = all.flatMap((series) => series.points.map(([x, y]) => ({ x, y, series })));
  const svg = shape("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "img", "aria-label": chart.title });
  plot.replaceChildren(svg);
  if (!points.length) {
    plot.replaceChildren(element("p", "note", chart.empty || "Nothing is chosen."));
    return;
  }
  const right = width - 10, top = 10, bottom = height - 46, bars = chart.kind === "bars";
  const y = scale(chart.y, points.map((p) => p.y), bottom, top, chart.zero || bars, 6);
  const left = 30 + 7 * Math.max(...y.shown.map(([, name]) => name.length));
  const x = scale(chart.x, points.map((p) => p.x), left, right, false, Math.max(3, Math.floor(width / 90)));
  for (const [value, name] of y.shown) {
    svg.append(shape("line", { class: "grid", x1: left, x2: right, y1: y.to(value), y2: y.to(value) }));
    svg.append(label(name, left - 6, y.to(value) + 4, "end"));
  }
  // Where names have no room, every second or third is left out.
  const widest = 7 * Math.max(...x.shown.map(([, name]) => name.length)) + 8;
  const every = Math.ceil(widest * x.shown.length / (right - left));
  const whole = chart.x.ticks || chart.x.log ? x.shown : x.shown.filter(([value]) => Number.isInteger(value));
  whole.forEach(([value, name], place) => {
    if (!chart.x.ticks) svg.append(shape("line", { class: "grid", x1: x.to(value), x2: x.to(value), y1: top, y2: bottom }));
    if (place % every === 0) svg.append(label(name, x.to(value), bottom + 18, "middle"));
  });
  svg.append(shape("line", { class: "grid", x1: left, x2: right, y1: bottom, y2: bottom }));
  svg.append(label(chart.x.label, (left + right) / 2, height - 6, "middle"));
  const sideways = label(chart.y.label, 0, 0, "middle");
  sideways.setAttribute("transform", `translate(11 ${(top + bottom) / 2}) rotate(-90)`);
  svg.append(sideways);

  for (const series of all) {
    const own = points.filter((point) => point.series === series), colour = `var(--c${series.number % COLOURS})`;
    if (bars) {
      const slot = 0.8 * (x.to(2) - x.to(1)), each = slot / all.length, first = -slot / 2 + each * all.indexOf(series);
      for (const point of own) {
        [point.px, point.py] = [x.to(point.x) + first + each / 2, y.to(point.y)];
        const bar = shape("rect", { x: point.px - each / 2, y: point.py, width: Math.max(1, each - 1), height: bottom - point.py });
        bar.style.fill = colour;
        svg.append(bar);
      }
      continue;
    }
    for (const point of own) [point.px, point.py] = [x.to(point.x), y.to(point.y)];
    if (own.length > 1) {
      const line = shape("polyline", { class: "curve", points: own.map((p) => `${p.px},${p.py}`).join(" ") });
      line.style.stroke = colour;
      // More series than colours: the second time round, dashed.
      if (series.number >= COLOURS) line.setAttribute("stroke-dasharray", "6 4");
      svg.append(line);
    }
    for (const point of own) svg.append(mark(series.number, point.px, point.py, series.large ? 1.4 : 1));
  }
  const named = (value, axis) => axis.ticks ? axis.ticks[value - 1] : short(value);
  tips(plot, svg, points, (point) => `${point.series.name}: ${short(point.y)} at ${named(point.x, chart.x)}`);
}

function label(text, x, y, anchor) {
  const made = shape("text", { x, y, "text-anchor": anchor });
  made.textContent = text;
  return made;
}

function tips(plot, svg, points, tell) {
  const tip = element("div", "tip");
  tip.hidden = true;
  plot.append(tip);
  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect(), [px, py] = [event.clientX - box.left, event.clientY - box.top];
    const far = (point) => Math.hypot(point.px - px, point.py - py);
    const nearest = points.reduce((best, point) => far(point) < far(best) ? point : best);
    tip.hidden = far(nearest) > 40;
    tip.textContent = tell(nearest);
    tip.style.left = `${Math.min(Math.max(0, nearest.px - 60), Math.max(0, box.width - 240))}px`;
    tip.style.top = `${svg.offsetTop + nearest.py + (nearest.py > 60 ? -44 : 14)}px`;
  });
  svg.addEventListener("pointerleave", () => { tip.hidden = true; });
}

function legend(figure, chart, redraw) {
  const list = element("ul", "legend");
  chart.series.forEach((series, number) => {
    const button = element("button"), sample = shape("svg", { viewBox: "-8 -8 16 16", "aria-hidden": "true" });
    button.type = "button";
    sample.append(mark(number, 0, 0));
    button.append(sample, element("span", "", series.name));
    button.setAttribute("aria-pressed", series.shown);
    button.addEventListener("click", () => {
      series.shown = !series.shown;
      button.setAttribute("aria-pressed", series.shown);
      redraw();
    });
    const item = element("li");
    item.append(button);
    list.append(item);
  });
  figure.querySelector(".legend")?.remove();
  figure.querySelector(".plot").after(list);
}

const widths = new ResizeObserver((entries) => entries.forEach(({ target }) => target.redraw()));

function show(figure, chart) {
  const plot = figure.querySelector(".plot");
  plot.redraw = () => draw(plot, chart);
  if (chart.series.length > 1) legend(figure, chart, plot.redraw);
  widths.observe(plot);
  plot.redraw();
}

for (const figure of document.querySelectorAll("[data-chart]")) show(figure, charts[figure.dataset.chart]);

// ---- accuracy and cost

// One chart over seconds of training, one over the time of an answer; the reader chooses what accuracy and which time.
function costs(box) {
  const rows = groups[box.dataset.costs].rows.filter((row) => row.kind !== "published");
  const [metric, time] = box.querySelectorAll("select"), figures = box.querySelectorAll(".scatter");
  const known = (axis) => rows.filter((row) => row.values[axis] > 0).length;
  if (known("query ms") < known("batch ms")) time.value = "batch ms";

  function update(figure, x) {
    // What took no time, such as a method that is not trained, has no place on an axis of factors.
    const has = (row) => row.values[x] > 0 && row.values[metric.value] !== null;
    const shown = figure.chart?.series.map((series) => series.shown);
    const series = rows.map((row, number) => ({
      name: row.name + (has(row) ? "" : row.values[x] === null ? " (not known)" : " (no time)"),
      points: has(row) ? [[row.values[x], row.values[metric.value]]] : [],
      shown: shown?.[number] ?? true,
      large: row.kind === "model",
    }));
    figure.chart = {
      title: `${metric.value} over ${TIMES[x]}`, kind: "lines", series, empty: "No method has both numbers.",
      x: { label: TIMES[x], log: true, ticks: null }, y: { label: `${metric.value}, percent`, log: false, ticks: null },
    };
    figure.querySelector("figcaption").textContent = figure.chart.title;
    show(figure, figure.chart);
  }

  const all = () => { update(figures[0], "train s"); update(figures[1], time.value); };
  box.querySelector(".controls").hidden = false;
  metric.addEventListener("change", all);
  time.addEventListener("change", all);
  all();
}

document.querySelectorAll("[data-costs]").forEach(costs);

// ---- test documents

const HEADER = ["Document", "Labels found, with score", "Labels that it has"];

function browse(box) {
  const { labels, documents, runs } = groups[box.dataset.documents].documents;
  const title = (place) => labels[place][1] || labels[place][0];
  const controls = element("p", "controls"), count = element("p", "rank"), table = element("table", "entries"), pages = element("p", "controls");
  const search = element("input"), run = element("select"), hits = element("select");
  search.type = "search";
  runs.forEach((each, number) => run.add(new Option(each.name, number)));
  for (const [value, name] of [["", "all"], ["first", "best label is one of its own"], ["none", "no hit among the best 5"]]) {
    hits.add(new Option(name, value));
  }
  for (const [name, control, className] of [["Search in texts and labels", search, "search"], ["Run", run, ""], ["Documents", hits, ""]]) {
    const made = element("label", className, name);
    made.append(control);
    controls.append(made);
  }
  const before = element("button", "", "Previous"), after = element("button", "", "Next"), place = element("span", "rank");
  pages.append(before, place, after);
  count.setAttribute("role", "status");
  table.setAttribute("role", "table");
  table.setAttribute("aria-labelledby", box.getAttribute("aria-labelledby"));
  const head = table.createTHead().insertRow(), body = table.createTBody();
  for (const name of HEADER) {
    const cell = element("th", "", name);
    cell.scope = "col";
    head.append(cell);
  }
  box.append(controls, count, table, pages);
  let page = 0;

  const isHit = (number, label) => documents[number].labels.includes(label);
  const words = documents.map((each, number) => {
    const named = new Set([...each.labels, ...runs.flatMap((own) => own.found[number].map(([label]) => label))]);
    return [each.uid, each.text || "", ...[...named].flatMap((label) => labels[label].slice(0, 2))].join("\n").toLowerCase();
  });

  function wanted(number) {
    const found = runs[run.value].found[number].map(([label]) => isHit(number, label));
    if (hits.value === "first" && !found[0]) return false;
    if (hits.value === "none" && found.some(Boolean)) return false;
    return search.value.toLowerCase().split(/\s+/).every((word) => words[number].includes(word));
  }

  function update() {
    const shown = documents.map((_, number) => number).filter(wanted);
    const last = Math.max(0, Math.ceil(shown.length / PAGE) - 1);
    page = Math.min(page, last);
    count.textContent = `${shown.length} of ${documents.length} documents`;
    place.textContent = `page ${page + 1} of ${last + 1}`;
    before.disabled = page === 0;
    after.disabled = page === last;
    body.replaceChildren(...shown.slice(page * PAGE, (page + 1) * PAGE).map(entry));
  }

  function entry(number) {
    const given = documents[number], own = runs[run.value];
    const made = element("tr"), [text, found, truth] = HEADER.map((name) => {
      const cell = made.insertCell();
      cell.dataset.name = name;  // where there is no room for columns, and none for their heads
      return cell;
    });
    text.append(element("div", "", given.text === null ? given.uid : given.text));
    if (given.text !== null) text.append(element("div", "uid", given.uid));
    const answers = element("ol"), labelled = element("ul");
    own.found[number].forEach(([label, score], rank) => {
      const item = element("li", isHit(number, label) ? "hit" : "");
      if (isHit(number, label)) item.append(element("span", "tick", "✓ "), element("span", "hidden", "hit: "));
      item.append(title(label), element("div", "rank", `${score.toPrecision(3)}, ${documentsOf(label)}`));
      const why = own.why[number]?.[rank];
      if (why) item.append(details(why, title));
      answers.append(item);
    });
    given.labels.forEach((label, index) => {
      const rank = own.ranks[number][index], item = element("li", rank > 0 && rank <= 5 ? "hit" : "");
      const told = rank ? `found at ${rank}` : "not among the best 100";
      item.append(title(label), element("div", "rank", `${told}, ${documentsOf(label)}`));
      labelled.append(item);
    });
    found.append(answers);
    if (own.unexplained) found.append(element("div", "rank", `No explanations: ${own.unexplained}.`));
    truth.append(given.labels.length ? labelled : element("div", "rank", "none"));
    // Said in so many words, since a table that is laid out as blocks may pass for none.
    for (const cell of [text, found, truth]) cell.setAttribute("role", "cell");
    made.setAttribute("role", "row");
    return made;
  }

  const documentsOf = (label) => {
    const many = labels[label][2];
    return `${many.toLocaleString("en")} training document${many === 1 ? "" : "s"}`;
  };
  const again = () => { page = 0; update(); };
  search.addEventListener("input", again);
  run.addEventListener("change", update);
  hits.addEventListener("change", again);
  const turn = (by) => { page += by; update(); box.scrollIntoView(); };
  before.addEventListener("click", () => turn(-1));
  after.addEventListener("click", () => turn(1));
  update();
}

// What adds up to a score, as bars: in blue what raises it, in red what lowers it.
function split(title, entries) {
  const shown = entries.filter(([, value]) => Math.abs(value) >= 0.0005);
  if (!shown.length) return [];
  const largest = Math.max(...shown.map(([, value]) => Math.abs(value)));
  const table = element("table", "why"), body = table.createTBody();
  table.createCaption().textContent = title;
  for (const [name, value] of shown) {
    const line = body.insertRow(), head = element("th", "", name), bar = element("div", value < 0 ? "part less" : "part");
    head.scope = "row";
    bar.style.width = `${100 * Math.abs(value) / largest}%`;
    line.append(head);
    line.insertCell().append(bar);
    line.insertCell().textContent = `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(3)}`;
  }
  return [table];
}

function details(why, title) {
  const made = element("details");
  made.append(element("summary", "", "Why"));
  made.addEventListener("toggle", () => {
    const names = (shares) => shares.map(([label, share]) => [title(label), share]);
    made.append(
      ...split(`Parts of the logit, ${why.logit.toFixed(3)}`, Object.entries(why.parts).map(([name, share]) => [name.replaceAll("_", " "), share])),
      ...(why.reranked ? split("Then, by the new order of the best labels", [["place", why.reranked]]) : []),
      ...split("The same by words", [...why.tokens, ["other words", why.other_tokens], ["whatever the text", why.no_token]]),
      ...split("The part “graph” by labels", [
        ...names(why.neighbours), ["other labels", why.other_neighbours], ["whatever the labels", why.graph_constant],
      ]),
      ...(why.game ? split("Parts of the probability", [
        ["its own", why.game.own], ...names(why.game.neighbours), ["other labels", why.game.other_neighbours],
      ]) : []),
    );
  }, { once: true });
  return made;
}

document.querySelectorAll("[data-documents]").forEach(browse);

// ---- light and dark, paper

const theme = document.getElementById("theme"), system = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (document.documentElement.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";
const name = () => { theme.textContent = isDark() ? "Light" : "Dark"; };
theme.hidden = false;
theme.addEventListener("click", () => {
  document.documentElement.dataset.theme = isDark() ? "light" : "dark";
  name();
});
system.addEventListener("change", name);
name();
addEventListener("beforeprint", () => {
  for (const each of document.querySelectorAll("main > section > details, figure > details")) each.open = true;
});
