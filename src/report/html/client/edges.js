// @ts-check
/// <reference lib="dom" />

/** Marks the boxes that have more to the right than they show, as long as they do. */
export function setUpEdges() {
  const boxes = [...document.querySelectorAll(".scroll")];
  const look = (/** @type {Element} */ box) =>
    box.classList.toggle("more", box.scrollLeft + box.clientWidth < box.scrollWidth - 4);
  const watcher = new ResizeObserver((entries) => entries.forEach(({ target }) => look(target)));
  for (const box of boxes) {
    box.addEventListener("scroll", () => look(box), { passive: true });
    watcher.observe(box);
  }
}
