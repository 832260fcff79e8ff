/** Tabs, by the pattern of the ARIA authoring practices: arrows move, one panel shows. */

import { element } from './elements.js';

/** @param {string[]} names the panels that the model serves, in their order */
export function startTabs(names) {
  for (const tab of document.querySelectorAll('[role=tab]')) {
    /** @type {HTMLElement} */ (tab).hidden = !names.includes(tab.id.replace('tab_', ''));
  }
  element('tabs').hidden = names.length < 2;
  /** @param {string} chosen */
  const choose = (chosen) => {
    for (const name of names) {
      const tab = element(`tab_${name}`);
      tab.setAttribute('aria-selected', String(name === chosen));
      tab.tabIndex = name === chosen ? 0 : -1;
      element(`panel_${name}`).hidden = name !== chosen;
    }
  };
  names.forEach((name, i) => {
    const tab = element(`tab_${name}`);
    tab.addEventListener('click', () => choose(name));
    tab.addEventListener('keydown', (/** @type {KeyboardEvent} */ event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (step === undefined) return;
      const next = names[(i + step + names.length) % names.length];
      choose(next);
      element(`tab_${next}`).focus();
    });
  });
  choose(names[0]);
}
