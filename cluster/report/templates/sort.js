"use strict";
// Tables of class `sortable`: a click on a heading sorts by that column, a second one turns the order round.
// A cell that begins with a number counts as that number; what has none comes last.
(() => {
  const key = (row, column) => row.cells[column].textContent.trim();
  const order = (a, b, way) => {
    const [left, right] = [parseFloat(a), parseFloat(b)];
    if (isNaN(left) || isNaN(right)) return isNaN(left) - isNaN(right) || way * a.localeCompare(b);
    return way * (left - right);
  };
  const sort = (table, heading) => {
    const falling = heading.getAttribute("aria-sort") === "ascending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", falling ? "descending" : "ascending");
    const rows = [...table.tBodies[0].rows];
    rows.sort((a, b) => order(key(a, heading.cellIndex), key(b, heading.cellIndex), falling ? -1 : 1));
    table.tBodies[0].append(...rows);
  };
  for (const table of document.querySelectorAll("table.sortable")) {
    for (const heading of table.tHead.rows[0].cells) {
      const button = document.createElement("button");
      button.append(...heading.childNodes);
      button.addEventListener("click", () => sort(table, heading));
      heading.append(button);
    }
  }
})();
