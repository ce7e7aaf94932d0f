// Tabs as the WAI-ARIA Authoring Practices describe them, activated by focus. Knows nothing of what the panels hold.

/** Makes tabs of the buttons in `list`: arrows, Home and End move, one tab is in the page's tab order. */
export function makeTabs(list: HTMLElement): void {
  const tabs = [...list.querySelectorAll<HTMLButtonElement>('[role="tab"]')];
  for (const tab of tabs) tab.addEventListener("click", () => select(tabs, tab));
  list.addEventListener("keydown", (event) => {
    const next = tabAfter(tabs, event.key);
    if (next === undefined) return;
    event.preventDefault();
    select(tabs, next);
    next.focus();
  });
}

function tabAfter(tabs: readonly HTMLButtonElement[], key: string): HTMLButtonElement | undefined {
  const at = tabs.findIndex((tab) => tab.getAttribute("aria-selected") === "true");
  switch (key) {
    case "ArrowRight":
      return tabs[(at + 1) % tabs.length];
    case "ArrowLeft":
      return tabs[(at + tabs.length - 1) % tabs.length];
    case "Home":
      return tabs[0];
    case "End":
      return tabs.at(-1);
    default:
      return undefined;
  }
}

function select(tabs: readonly HTMLButtonElement[], selected: HTMLButtonElement): void {
  for (const tab of tabs) {
    const isSelected = tab === selected;
    tab.setAttribute("aria-selected", String(isSelected));
    tab.tabIndex = isSelected ? 0 : -1;
    const panel = document.getElementById(tab.getAttribute("aria-controls") ?? "");
    if (panel !== null) panel.hidden = !isSelected;
  }
}
