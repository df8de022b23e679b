"use strict";
(() => {
  const page = document.documentElement;
  page.classList.add("js");
  const notes = [...document.querySelectorAll(".note")].map((element) => ({
    element,
    key: element.dataset.l,
    home: element.closest(".doc").dataset.case,
    code: element.dataset.c,
    said: element.dataset.f.split(" ").map((pair) => pair.split(":")),
  }));
  const drawn = new Map();
  for (const element of document.querySelectorAll("[data-l]")) {
    const key = element.dataset.l;
    if (!drawn.has(key)) drawn.set(key, []);
    drawn.get(key).push(element);
  }

  const bar = document.querySelector(".filter");
  if (bar) {
    const selects = [...bar.querySelectorAll("select")];
    const shows = (note, want) =>
      (!want.case || note.home === want.case) &&
      (!want.code || want.code.split(" ").includes(note.code)) &&
      note.said.some(([coder, state]) => (!want.coder || coder === want.coder) && (!want.state || state === want.state));
    const apply = () => {
      const want = Object.fromEntries(selects.map((select) => [select.dataset.by, select.value]));
      let shown = 0;
      for (const note of notes) {
        const off = !shows(note, want);
        shown += off ? 0 : 1;
        for (const element of drawn.get(note.key)) element.classList.toggle("off", off);
      }
      for (const doc of document.querySelectorAll(".doc")) {
        doc.classList.toggle("off", want.case !== "" && doc.dataset.case !== want.case);
      }
      bar.querySelector("output").textContent = `${shown} / ${notes.length}`;
    };
    bar.addEventListener("change", apply);
    bar.querySelector("button").addEventListener("click", () => {
      for (const select of selects) select.value = "";
      apply();
    });
    apply();
  }

  // Pointing at words lights their notes, and the other way round.
  let lit = [];
  const light = (event) => {
    for (const element of lit) element.classList.remove("lit");
    lit = [];
    for (let at = event.target.closest(".doc [data-l]"); at; at = at.parentElement.closest(".doc [data-l]")) {
      lit.push(...drawn.get(at.dataset.l));
    }
    for (const element of lit) element.classList.add("lit");
  };
  document.addEventListener("mouseover", light);
  document.addEventListener("focusin", light);

  // A click on marked words opens the note beside them and leaves the page where it is.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("mark a");
    const card = link && document.getElementById(link.hash.slice(1));
    if (!card) return;
    event.preventDefault();
    const note = card.parentElement;
    note.open = !note.open;
    note.querySelector("summary").focus({ preventScroll: true });
    note.scrollIntoView({ block: "nearest" });
  });

  document.addEventListener("keydown", (event) => {
    const open = event.key === "Escape" && document.querySelector(".note[open]");
    if (open) open.open = false;
  });

  // Paper has no folds: open the lists, and fold them again afterwards.
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll(".quotes:not([open]), .flaw:not([open]), .fold:not([open])")];
    for (const element of opened) element.open = true;
  });
  addEventListener("afterprint", () => {
    for (const element of opened) element.open = false;
  });
})();
