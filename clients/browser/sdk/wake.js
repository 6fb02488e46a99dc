/**
 * @file Tells when a page is worth trying again: shown, awake or on line. Does nothing in Node.
 */

/**
 * @param {() => void} onWake
 * @returns {() => void} stops telling
 */
export function watchWaking(onWake) {
  if (typeof document === 'undefined' || typeof window === 'undefined') return () => {};
  const shown = () => {
    if (document.visibilityState === 'visible') onWake();
  };
  document.addEventListener('visibilitychange', shown);
  window.addEventListener('online', onWake);
  window.addEventListener('pageshow', onWake);
  return () => {
    document.removeEventListener('visibilitychange', shown);
    window.removeEventListener('online', onWake);
    window.removeEventListener('pageshow', onWake);
  };
}
