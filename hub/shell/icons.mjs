// Small line icons, drawn on a 24 px grid; decoration only, so hidden from screen readers.
const shapes = {
  mark: '<path d="M4 20V4M4 13c5 0 6-9 16-9M9 11.5 19 20"/>',
  search: '<circle cx="11" cy="11" r="7"/><path d="m20 20-4-4"/>',
  theme: '<circle cx="12" cy="12" r="8.5"/><path d="M12 3.5v17a8.5 8.5 0 0 0 0-17Z" fill="currentColor"/>',
  clock: '<circle cx="12" cy="12" r="8.5"/><path d="M12 7v5l3.5 2"/>',
  down: '<path d="M12 4v11m-4.5-4.5L12 15l4.5-4.5M5 20h14"/>',
  up: '<path d="M12 16V5M7.5 9.5 12 5l4.5 4.5M5 20h14"/>',
  link: '<path d="M10 14a4 4 0 0 0 6 .5l3-3a4 4 0 0 0-5.7-5.7l-1 1M14 10a4 4 0 0 0-6-.5l-3 3a4 4 0 0 0 5.7 5.7l1-1"/>',
  flag: '<path d="M6 21V4m0 1c4-2.5 7 2.5 12 0v9c-5 2.5-8-2.5-12 0"/>',
  cards: '<rect x="4" y="7" width="12" height="13" rx="2"/><path d="M8 4h10a2 2 0 0 1 2 2v10"/>',
};

export const icon = (name) => `<svg class="icon" width="20" height="20" viewBox="0 0 24 24" aria-hidden="true">${shapes[name]}</svg>`;
