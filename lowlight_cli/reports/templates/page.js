"use strict";
(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  document.documentElement.classList.add("moves");

  // Wipes: the slider inside each keeps the value, so that the keyboard works as on any slider.
  const show = (wipe, value) => {
    const slider = wipe.querySelector("input");
    slider.value = value;
    wipe.style.setProperty("--at", slider.value + "%");
  };
  for (const wipe of all(".wipe")) {
    const slider = wipe.querySelector("input");
    slider.addEventListener("input", () => show(wipe, slider.value));
    const follow = (event) => {
      const box = wipe.getBoundingClientRect();
      show(wipe, (100 * (event.clientX - box.left)) / box.width);
    };
    wipe.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      event.preventDefault();
      slider.focus({ preventScroll: true });
      wipe.setPointerCapture(event.pointerId);
      follow(event);
    });
    wipe.addEventListener("pointermove", (event) => {
      if (wipe.hasPointerCapture(event.pointerId)) follow(event);
    });
    show(wipe, 50);
  }

  // Which cards are shown, and in which order.
  const bar = document.querySelector(".bar");
  if (bar) {
    const [filter, order, find, wipes, found] = ["filter", "order", "find", "wipes", "found"].map((id) =>
      document.getElementById(id));
    const cards = all(".card");
    const weight = (card, key) =>
      key === "flags" ? card.dataset.flags.split(" ").filter(Boolean).length : Number(card.dataset[key]);
    const arrange = () => {
      const words = find.value.trim().toLowerCase();
      let count = 0;
      for (const card of cards) {
        const flags = card.dataset.flags.split(" ").filter(Boolean);
        const flagged = !filter.value || (filter.value === "any" ? flags.length > 0 : flags.includes(filter.value));
        card.hidden = !(flagged && card.dataset.name.includes(words));
        count += !card.hidden;
      }
      const sign = order.value.startsWith("-") ? -1 : 1;
      const key = order.value.replace("-", "");
      cards.sort((a, b) => sign * (weight(a, key) - weight(b, key)) || a.dataset.place - b.dataset.place);
      document.querySelector(".cards").append(...cards);
      found.textContent = count + " of " + cards.length;
    };
    for (const control of [filter, order]) control.addEventListener("change", arrange);
    find.addEventListener("input", arrange);
    wipes.addEventListener("input", () => all(".wipe").forEach((wipe) => show(wipe, wipes.value)));
    for (const option of all("option", filter)) {
      const name = option.value;
      const any = cards.some((card) => name === "any" ? card.dataset.flags : card.dataset.flags.split(" ").includes(name));
      if (name && !any) option.remove();
    }
    bar.hidden = false;
    arrange();
  }

  // Tables: a click on a head sorts by its column, by the last number in each cell where there is one.
  const last = (text) => {
    const numbers = text.replace(/,/g, "").match(/-?\d+(\.\d+)?/g);
    return numbers ? Number(numbers[numbers.length - 1]) : -Infinity;
  };
  for (const table of all("table.sortable")) {
    all("thead th", table).forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        all("thead th", table).forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const body = table.tBodies[0];
        const numeric = head.classList.contains("right");
        const rows = [...body.rows].sort((a, b) => {
          const [first, second] = [a, b].map((row) => row.cells[column].textContent);
          const difference = numeric ? last(first) - last(second) : first.localeCompare(second, undefined, { numeric: true });
          return (down ? -1 : 1) * (difference || 0);
        });
        body.append(...rows);
      });
    });
  }

  for (const button of all(".copy")) {
    button.hidden = !navigator.clipboard;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.parentElement.querySelector("code").textContent);
      button.textContent = "copied";
    });
  }
})();
