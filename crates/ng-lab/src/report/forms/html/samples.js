
// Shows a sample under the pointer; thousands of titles would be most of the page.
document.addEventListener("pointerover", ({ target }) => {
  const { round, value } = target.dataset ?? {};
  if (round === undefined || target.firstChild) {
    return;
  }
  const title = document.createElementNS("http://www.w3.org/2000/svg", "title");
  title.textContent = `${round === "0" ? "cold" : `round ${round}`}: ${Number(value).toLocaleString("en")} ns`;
  target.append(title);
});
