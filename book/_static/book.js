// Some things that the theme leaves undone for people who use the keyboard or a screen reader.

// A box that scrolls must be reachable by key. Which boxes scroll depends on the width.
const boxes = "pre, .cell_output > .output, .pst-scrollable-table-container, mjx-container[display], div.math";

function reach() {
  for (const box of document.querySelectorAll(boxes)) {
    const scrolls = box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1;
    const hidden = getComputedStyle(box).overflowX === "visible";
    if (scrolls && !hidden) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
}

// The left bar belongs to no landmark; each fold is called by the same words, whatever it says.
function name() {
  for (const fold of document.querySelectorAll("summary[aria-label]")) fold.removeAttribute("aria-label");
  const bar = document.getElementById("pst-primary-sidebar");
  bar?.setAttribute("role", "complementary");
  bar?.setAttribute("aria-label", "Book");
}

document.addEventListener("DOMContentLoaded", name);
window.addEventListener("load", async () => {
  await window.MathJax?.startup?.promise;
  reach();
  window.addEventListener("resize", reach);
  document.addEventListener("toggle", reach, true); // a fold that opens
});

// From a disk no page may read another, so a search there lists its finds without their excerpts.
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

// Paper is white, whatever the screen is.
let theme;
window.addEventListener("beforeprint", () => {
  theme = document.documentElement.dataset.theme;
  document.documentElement.dataset.theme = "light";
});
window.addEventListener("afterprint", () => (document.documentElement.dataset.theme = theme));
