// Before the first paint: the appearance that was chosen earlier, so that the page does not flash.
try {
  const theme = localStorage.getItem('vitrine-theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // Storage is off: the system decides.
}

// A link has something else to show than the first visit’s picture, which stands in the page already.
if (/^#(%23)*[vb]\d/i.test(location.hash)) document.documentElement.dataset.link = '';
