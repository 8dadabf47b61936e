// Before the first paint: the chosen theme, and the mark that JavaScript is here.
(() => {
  const root = document.documentElement;
  root.dataset.js = '';
  try {
    const theme = localStorage.getItem('ken-theme');
    if (theme === 'light' || theme === 'dark') root.dataset.theme = theme;
  } catch { /* storage refused: the system's theme it is */ }
})();
