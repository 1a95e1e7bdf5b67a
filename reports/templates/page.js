"use strict";
// Extras of a report: without them everything is on the page, but for the curves of single seeds.
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const make = (tag, attributes = {}, text = "") => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.textContent = text;
    return element;
  };

  // Tables: sorted by a click on a header, and copied as CSV.
  const natural = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const number = (text) => ({ inf: Infinity, "-inf": -Infinity })[text] ?? Number(text);
  const valued = (cell) => cell.querySelector("[data-value]");
  const key = (row, column) => {
    const cell = row.cells[column], value = valued(cell), text = cell.textContent.trim();
    return { value: value ? number(value.dataset.value) : NaN, text: text === "–" ? "" : text };
  };

  function sort(table, header) {
    const column = header.cellIndex, body = table.tBodies[0];
    const down = header.getAttribute("aria-sort") === "ascending";
    const keyed = [...body.rows].map((row) => ({ row, ...key(row, column) }));
    const numeric = keyed.some(({ value }) => !Number.isNaN(value));
    const empty = ({ value, text }) => (numeric ? Number.isNaN(value) : text === "");
    const compare = (one, other) => {
      // What is missing comes last either way.
      if (empty(one) || empty(other)) return empty(one) - empty(other);
      if (numeric && one.value !== other.value) return (one.value < other.value ? -1 : 1) * (down ? -1 : 1);
      return numeric ? 0 : natural.compare(one.text, other.text) * (down ? -1 : 1);
    };
    body.append(...keyed.sort(compare).map(({ row }) => row));
    for (const each of table.tHead.rows[0].cells) each.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", down ? "descending" : "ascending");
  }

  function quoted(cell) {
    const value = valued(cell), text = cell.textContent.trim().replace(/\s+/g, " ");
    // A number that stands alone is copied with every digit.
    let copied = value && value.textContent === cell.textContent ? value.dataset.value : text;
    if (/^[=+\-@＝＋－＠]/.test(copied) && Number.isNaN(number(copied))) copied = `'${copied}`;
    return /[",\n]/.test(copied) ? `"${copied.replaceAll('"', '""')}"` : copied;
  }

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = document.body.appendChild(make("textarea"));
      area.value = text;
      area.select();
      document.execCommand("copy");
      area.remove();
    }
  }

  for (const table of document.querySelectorAll("table[id]")) {
    for (const header of table.tHead.rows[0].cells) {
      const button = make("button", { type: "button" }, header.textContent);
      button.addEventListener("click", () => sort(table, header));
      header.replaceChildren(button);
    }
    const button = make("button", { type: "button", class: "copy" }, "copy as CSV");
    button.addEventListener("click", async () => {
      await copy([...table.rows].map((row) => [...row.cells].map(quoted).join(",")).join("\n") + "\n");
      button.textContent = "copied";
      setTimeout(() => { button.textContent = "copy as CSV"; }, 1500);
    });
    const tools = make("div", { class: "tools" });
    tools.append(button);
    table.closest(".wide").before(tools);
  }

  // Figures: arms toggled by their legend entry, single seeds on request, values under the pointer.
  const told = JSON.parse(document.getElementById("values").textContent);
  for (const figure of document.querySelectorAll("figure[id]")) {
    const sheet = figure.querySelector(".sheet"), svg = sheet.querySelector("svg");
    const off = new Set();
    const entries = new Map();
    for (const entry of svg.querySelectorAll(".entry[data-line]")) {
      const line = entry.dataset.line;
      if (!entries.has(line)) entries.set(line, []);
      entries.get(line).push(entry);
    }
    for (const [line, group] of entries) {
      const marks = svg.querySelectorAll(`.curve[data-line="${line}"], .band[data-line="${line}"], ` +
        `.seed[data-line="${line}"], .dot[data-line="${line}"], .label[data-line="${line}"]`);
      const text = group.find((entry) => entry.querySelector("text")) ?? group[0];
      if (!marks.length) continue;
      // Its entries are buttons now: no picture has such.
      svg.setAttribute("role", "group");
      const toggle = () => {
        const hidden = off.delete(line) ? false : Boolean(off.add(line));
        for (const mark of [...marks, ...group]) mark.classList.toggle("off", hidden);
        text.setAttribute("aria-pressed", String(!hidden));
      };
      for (const [name, value] of Object.entries({
        role: "button", tabindex: "0", "aria-pressed": "true", "aria-label": text.textContent.trim(),
      })) text.setAttribute(name, value);
      for (const entry of group) {
        entry.style.cursor = "pointer";
        entry.addEventListener("click", toggle);
      }
      text.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        toggle();
      });
    }
    if (figure.classList.contains("has-seeds")) {
      const label = make("label"), box = make("input", { type: "checkbox" });
      box.addEventListener("change", () => figure.classList.toggle("seeds", box.checked));
      label.append(box, " single seeds");
      const tools = make("div", { class: "tools" });
      tools.append(label);
      sheet.before(tools);
    }
    if (told[figure.id]) answer(sheet, svg, told[figure.id], off);
  }

  function answer(sheet, svg, { names, panels }, off) {
    const REACH = 30;
    let box = null, ring = null;
    const clear = () => { box?.remove(); ring?.remove(); box = ring = null; };

    // The squared distance of a point from a piece of a curve.
    const apart = (x, y, ax, ay, bx, by) => {
      const dx = bx - ax, dy = by - ay, length = dx * dx + dy * dy;
      const share = length ? Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / length)) : 0;
      return (x - ax - share * dx) ** 2 + (y - ay - share * dy) ** 2;
    };

    function nearest(x, y) {
      const panel = panels.find(({ box: [left, top, right, bottom] }) =>
        x >= left - 4 && x <= right + 4 && y >= top - 4 && y <= bottom + 4);
      let found = null, least = REACH ** 2;
      for (const curve of panel?.curves ?? []) {
        if (off.has(curve.line)) continue;
        const across = panel.places[curve.place].at, down = curve.at;
        let close = Infinity, point = 0, distance = Infinity;
        for (let each = 0; each < down.length; each += 1) {
          const here = (x - across[each]) ** 2 + (y - down[each]) ** 2;
          if (here < close) [close, point] = [here, each];
          const piece = curve.dots || each + 1 === down.length ? here
            : apart(x, y, across[each], down[each], across[each + 1], down[each + 1]);
          distance = Math.min(distance, piece);
        }
        if (distance < least) [least, found] = [distance, { panel, curve, point }];
      }
      return found;
    }

    const shown = (value) => {
      if (typeof value !== "number") return value ?? "–";
      const rounded = Number(value.toPrecision(4));
      return Math.abs(rounded) >= 1e5 || (rounded && Math.abs(rounded) < 1e-4) ? rounded.toExponential()
        : rounded.toLocaleString("en", { maximumSignificantDigits: 4 });
    };

    function show(event) {
      const matrix = svg.getScreenCTM();
      if (!matrix) return;
      const place = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse());
      const found = nearest(place.x, place.y);
      clear();
      if (!found) return;
      const { panel, curve, point } = found;
      const { at: across, x: measured } = panel.places[curve.place];
      const [x, y] = [across[point], curve.at[point]];
      ring = document.createElementNS(SVG, "circle");
      for (const [name, value] of Object.entries({ class: "here", cx: x, cy: y, r: 4 })) ring.setAttribute(name, value);
      svg.append(ring);
      box = make("div", { class: "told", role: "status" });
      box.append(make("b", {}, names[curve.line] ?? ""), make("div", {}, `${panel.x}: ${shown(measured[point])}`),
        make("div", {}, `${panel.y}: ${shown(curve.y[point])}`));
      const low = curve.low?.[point] ?? null, high = curve.high?.[point] ?? null;
      if (low !== null && high !== null) box.append(make("div", {}, `band: ${shown(low)} to ${shown(high)}`));
      sheet.append(box);
      const frame = sheet.getBoundingClientRect(), at = new DOMPoint(x, y).matrixTransform(matrix);
      const seen = sheet.clientWidth;
      let left = at.x - frame.left + 12, top = at.y - frame.top + 12;
      if (left + box.offsetWidth > seen) left = Math.max(0, at.x - frame.left - 12 - box.offsetWidth);
      if (top + box.offsetHeight > sheet.clientHeight) top = Math.max(0, at.y - frame.top - 12 - box.offsetHeight);
      box.style.left = `${left + sheet.scrollLeft}px`;
      box.style.top = `${top}px`;
    }

    svg.addEventListener("pointermove", show);
    svg.addEventListener("pointerdown", show);
    svg.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") clear(); });
    document.addEventListener("keydown", (event) => { if (event.key === "Escape") clear(); });
    document.addEventListener("pointerdown", (event) => { if (!sheet.contains(event.target)) clear(); });
  }

  // What is folded is printed.
  window.addEventListener("beforeprint", () => {
    for (const each of document.querySelectorAll("details")) each.open = true;
  });
})();
