"use strict";
// Draws every <figure data-panel="n"> from the panels in #data, as SVG that follows the width of its figure.
// Nothing in the data can become markup: text is only ever set as text.
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const HEIGHT = 200, LEFT = 50, RIGHT = 12, TOP = 10, BOTTOM = 22, COLOURS = 8, NAMED = 64, LONGEST = 14;
  const data = JSON.parse(document.getElementById("data").textContent);
  const slider = document.getElementById("smoothing");
  let weight = 0;

  const make = (parent, name, attributes = {}, text = null) => {
    const element = parent instanceof SVGElement || name === "svg" ? document.createElementNS(SVG, name) : document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (text !== null) element.textContent = text;
    parent.append(element);
    return element;
  };

  const shown = (value) => {
    if (Number.isInteger(value) && Math.abs(value) < 1e6) return String(value);
    const size = Math.abs(value);
    return size >= 1e6 || size < 1e-3 ? Number(value.toPrecision(3)).toExponential() : String(Number(value.toPrecision(4)));
  };

  // Exponential moving average without the bias of its beginning.
  const smoothed = (values) => {
    let sum = 0, mass = 0;
    return values.map((value) => {
      sum = weight * sum + value;
      mass = weight * mass + 1;
      return sum / mass;
    });
  };

  const ticks = (low, high, wanted) => {
    const rough = (high - low) / wanted, power = 10 ** Math.floor(Math.log10(rough));
    const step = power * [1, 2, 5, 10].find((factor) => factor * power >= 0.7 * rough);
    const found = [];
    for (let n = Math.ceil(low / step - 1e-9); n * step <= high + 1e-9 * step; n++) found.push(n * step);
    return found;
  };

  const decades = (low, high) => {
    const first = Math.ceil(low), last = Math.floor(high), step = Math.max(1, Math.ceil((last - first) / 4));
    const found = [];
    for (let n = first; n <= last; n += step) found.push(n);
    return found.length > 1 ? found : ticks(10 ** low, 10 ** high, 3).map(Math.log10);
  };

  class Chart {
    constructor(figure, panel) {
      this.figure = figure;
      this.panel = panel;
      this.lines = panel.series.map((series, place) => ({ ...series, colour: `c${place % COLOURS}`, on: true }));
      this.bottom = panel.names.length ? NAMED : BOTTOM;
      this.scale = panel.log ? Math.log10 : (value) => value;
      this.svg = make(figure, "svg", { height: HEIGHT, tabindex: 0, role: "img", "aria-label": panel.title });
      this.legend = make(figure, "div", { class: "legend" });
      this.tip = make(figure, "div", { class: "tip", role: "status" });
      this.tip.hidden = true;
      if (this.lines.length > 1) this.lines.forEach((line) => this.entry(line));
      this.svg.addEventListener("pointermove", (event) => this.point(event));
      this.svg.addEventListener("pointerdown", (event) => this.point(event));
      this.svg.addEventListener("pointerleave", (event) => event.pointerType === "touch" || this.leave());
      this.svg.addEventListener("blur", () => this.leave());
      this.svg.addEventListener("keydown", (event) => this.step(event));
      new ResizeObserver(() => this.draw()).observe(this.svg);
    }

    entry(line) {
      const button = make(this.legend, "button", { type: "button", "aria-pressed": "true" });
      make(button, "span", { class: `swatch ${line.colour}` });
      button.append(line.label);
      button.addEventListener("click", () => {
        line.on = !line.on;
        button.setAttribute("aria-pressed", String(line.on));
        this.draw();
      });
    }

    draw() {
      this.width = this.svg.getBoundingClientRect().width;
      this.svg.replaceChildren();
      this.cursor = null;
      this.tip.hidden = true;
      this.visible = this.lines.filter((line) => line.on);
      if (!this.width || !this.visible.length) return;
      this.xs = [...new Set(this.visible.flatMap((line) => line.x))].sort((a, b) => a - b);
      this.range();
      this.axes();
      for (const mark of data.marks) this.vertical(mark.x, "mark", mark.label);
      this.visible.forEach((line) => this.curve(line));
    }

    range() {
      const values = this.visible.flatMap((line) => [...line.y, ...line.low, ...line.high]).map(this.scale);
      let low = values.reduce((a, b) => Math.min(a, b)), high = values.reduce((a, b) => Math.max(a, b));
      const flat = high - low < 1e-12 * Math.max(1, Math.abs(high));
      if (flat && low === 0) high = 1;
      const room = flat && low !== 0 ? Math.abs(high) / 2 : 0.06 * (high - low);
      if (low >= 0 && low < 0.35 * high && !this.panel.log) low = room;
      const names = this.panel.names.length;
      const first = names ? -0.5 : this.xs[0], last = names ? names - 0.5 : this.xs[this.xs.length - 1];
      this.bounds = { low: low - room, high: high + room, first, last };
    }

    px(x) {
      const { first, last } = this.bounds;
      return last === first ? (LEFT + this.width - RIGHT) / 2 : LEFT + ((x - first) / (last - first)) * (this.width - LEFT - RIGHT);
    }

    py(scaled) {
      const { low, high } = this.bounds;
      return TOP + ((high - scaled) / (high - low)) * (HEIGHT - TOP - this.bottom);
    }

    axes() {
      const { low, high, first, last } = this.bounds;
      for (const tick of this.panel.log ? decades(low, high) : ticks(low, high, 4)) {
        const y = this.py(tick);
        make(this.svg, "line", { class: "grid", x1: LEFT, x2: this.width - RIGHT, y1: y, y2: y });
        make(this.svg, "text", { x: LEFT - 6, y: y + 4, "text-anchor": "end" }, shown(this.panel.log ? 10 ** tick : tick));
      }
      this.panel.names.forEach((name, n) => {
        const x = this.px(n), y = HEIGHT - this.bottom + 14, short = name.length > LONGEST ? `${name.slice(0, LONGEST - 1)}…` : name;
        make(this.svg, "text", { x, y, "text-anchor": "end", transform: `rotate(-35 ${x} ${y})` }, short);
      });
      if (this.panel.names.length) return;
      const whole = last === first ? [first] : [...new Set(ticks(first, last, this.width / 80).map(Math.round))];
      for (const tick of whole) make(this.svg, "text", { x: this.px(tick), y: HEIGHT - 5, "text-anchor": "middle" }, String(tick));
    }

    vertical(x, name, label = null) {
      if (x < this.bounds.first || x > this.bounds.last) return null;
      const place = this.px(x);
      const line = make(this.svg, "line", { class: name, x1: place, x2: place, y1: TOP, y2: HEIGHT - this.bottom });
      if (label !== null) make(line, "title", {}, label);
      return line;
    }

    path(line, name, scaled) {
      const points = scaled.map((value, n) => `${n ? "L" : "M"}${this.px(line.x[n]).toFixed(1)} ${this.py(value).toFixed(1)}`);
      make(this.svg, "path", { class: `${name} ${line.colour}`, d: points.join("") });
    }

    curve(line) {
      const scaled = line.y.map(this.scale), sure = line.low.length > 0;
      if (weight && !sure) this.path(line, "raw", scaled);
      if (!this.panel.names.length) this.path(line, "curve", weight && !sure ? smoothed(scaled) : scaled);
      if (scaled.length === 1 || sure) line.x.forEach((x, n) => this.dot(x, scaled[n], line.colour));
      const bars = line.low.map((low, n) => `M${this.px(line.x[n])} ${this.py(this.scale(low))}V${this.py(this.scale(line.high[n]))}`);
      if (sure) make(this.svg, "path", { class: `interval ${line.colour}`, d: bars.join("") });
    }

    dot(x, scaled, colour) {
      return make(this.svg, "circle", { class: `dot ${colour}`, r: 3, cx: this.px(x), cy: this.py(scaled) });
    }

    point(event) {
      if (!this.xs) return;
      const box = this.svg.getBoundingClientRect(), { first, last } = this.bounds;
      const x = first + ((event.clientX - box.left - LEFT) / (this.width - LEFT - RIGHT)) * (last - first);
      this.show(this.xs.reduce((best, each, n) => (Math.abs(each - x) < Math.abs(this.xs[best] - x) ? n : best), 0));
    }

    step(event) {
      const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!way || !this.xs) return;
      event.preventDefault();
      this.show(Math.min(this.xs.length - 1, Math.max(0, (this.at ?? -1) + way)));
    }

    leave() {
      this.cursor?.forEach((element) => element?.remove());
      this.cursor = null;
      this.tip.hidden = true;
    }

    show(at) {
      this.leave();
      this.at = at;
      const x = this.xs[at];
      this.cursor = [this.vertical(x, "cross")];
      this.tip.replaceChildren();
      make(this.tip, "strong", {}, this.panel.names[Math.round(x)] ?? `${this.panel.x} ${shown(x)}`);
      for (const line of this.visible) {
        const n = line.x.indexOf(x);
        if (n < 0) continue;
        this.cursor.push(this.dot(x, this.scale(line.y[n]), line.colour));
        const row = make(this.tip, "div");
        make(row, "span", { class: `swatch ${line.colour}` });
        const interval = line.low.length ? ` [${shown(line.low[n])}, ${shown(line.high[n])}]` : "";
        row.append(`${line.label} ${shown(line.y[n])}${interval}`);
      }
      this.tip.hidden = false;
      const room = this.figure.clientWidth - this.tip.offsetWidth - 4, place = this.px(x);
      this.tip.style.left = `${Math.max(4, Math.min(room, place > this.width / 2 ? place - this.tip.offsetWidth : place + 24))}px`;
      const above = this.svg.getBoundingClientRect().top - this.figure.getBoundingClientRect().top;
      this.tip.style.top = `${above + TOP}px`;
    }
  }

  const charts = [...document.querySelectorAll("figure[data-panel]")].map(
    (figure) => new Chart(figure, data.panels[Number(figure.dataset.panel)])
  );
  const smooth = () => {
    weight = Number(slider.value);
    document.getElementById("weight").textContent = weight ? weight.toFixed(2) : "off";
    charts.forEach((chart) => chart.draw());
  };
  if (slider) {
    slider.addEventListener("input", smooth);
    smooth();
  }
})();
