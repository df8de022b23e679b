"use strict";
(() => {
  const page = document.documentElement;
  page.classList.add("js");
  const bar = document.querySelector(".filter");
  if (bar) {
    const items = [...document.querySelectorAll(".dis")];
    const selects = [...bar.querySelectorAll("select")];
    const out = bar.querySelector("output");
    let now = null;
    const seen = () => items.filter((item) => !item.classList.contains("off"));
    const tell = () => {
      const shown = seen();
      const place = shown.indexOf(now);
      out.textContent = `${place < 0 ? "" : `${place + 1} / `}${shown.length} / ${items.length}`;
    };
    const apply = () => {
      for (const item of items) {
        item.classList.toggle("off", selects.some((s) => s.value !== "" && item.dataset[s.dataset.by] !== s.value));
      }
      if (now && now.classList.contains("off")) go(null);
      tell();
    };
    const go = (item) => {
      if (now) now.classList.remove("now");
      now = item;
      if (!now) return;
      now.classList.add("now");
      now.focus({ preventScroll: true });
      now.scrollIntoView({ block: "start" });
    };
    const step = (by) => {
      const shown = seen();
      if (!shown.length) return;
      const place = shown.indexOf(now);
      const next = place < 0 ? (by > 0 ? 0 : shown.length - 1) : place + by;
      if (next >= 0 && next < shown.length) go(shown[next]);
      tell();
    };
    bar.addEventListener("change", apply);
    bar.addEventListener("submit", (event) => event.preventDefault());
    bar.addEventListener("reset", () => setTimeout(apply));
    for (const button of bar.querySelectorAll("[data-step]")) {
      button.addEventListener("click", () => step(Number(button.dataset.step)));
    }
    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.target.closest("input, select, textarea")) return;
      if (event.key === "j") step(1);
      else if (event.key === "k") step(-1);
    });
    apply();
  }

  // Paper has no folds: open the lists, and fold them again afterwards.
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    for (const fold of opened) fold.open = true;
  });
  addEventListener("afterprint", () => {
    for (const fold of opened) fold.open = false;
  });
})();
