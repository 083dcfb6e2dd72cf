"use strict";

// Sorts by a click on a heading. Numbers are in data-sort; fields without one come last,
// and struck rows last of all.
(() => {
  const field = (row, column) => row.cells[column];
  const number = (cell) => (cell.dataset.sort === undefined ? NaN : Number(cell.dataset.sort));
  const isNumeric = (rows, column) => rows.some((row) => field(row, column).dataset.sort !== undefined);

  const byNumber = (a, b) => a - b;
  const byText = (a, b) => a.localeCompare(b, "en", { numeric: true });

  // Sort keys: struck or not, empty or not, then the field.
  const compared = (rows, column, direction) => {
    const numeric = isNumeric(rows, column);
    const value = (row) => (numeric ? number(field(row, column)) : field(row, column).textContent);
    const isEmpty = (key) => (numeric ? Number.isNaN(key) : key === "");
    const order = numeric ? byNumber : byText;
    return (a, b) => {
      const struck = a.classList.contains("struck") - b.classList.contains("struck");
      const [left, right] = [value(a), value(b)];
      const empty = isEmpty(left) - isEmpty(right);
      return struck || empty || (isEmpty(left) ? 0 : direction * order(left, right));
    };
  };

  const sort = (table, column) => {
    const headings = [...table.tHead.rows[0].cells];
    const heading = headings[column];
    const isAscending = heading.getAttribute("aria-sort") === "ascending";
    const body = table.tBodies[0];
    const rows = [...body.rows].sort(compared([...body.rows], column, isAscending ? -1 : 1));
    headings.forEach((other) => other.removeAttribute("aria-sort"));
    heading.setAttribute("aria-sort", isAscending ? "descending" : "ascending");
    body.append(...rows);
  };

  for (const table of document.querySelectorAll("table")) {
    [...table.tHead.rows[0].cells].forEach((heading, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = heading.textContent;
      button.addEventListener("click", () => sort(table, column));
      heading.replaceChildren(button);
    });
  }
})();
