/** The service worker: keeps the verified files for later, and says when a newer release waits. */

import { element, show, write } from './elements.js';
import { say } from './strings.js';

/** Keep the page for offline use. A browser that cannot says so; the page works all the same. */
export async function keepForOffline() {
  if (!('serviceWorker' in navigator)) return write('offline', say('offline_no'));
  const hadOne = navigator.serviceWorker.controller !== null;
  navigator.serviceWorker.addEventListener('controllerchange', () => {
    if (hadOne) location.reload();
  });
  try {
    const registration = await navigator.serviceWorker.register('sw.js', { updateViaCache: 'none' });
    offerUpdate(registration);
    registration.addEventListener('updatefound', () => watch(registration));
    watch(registration);
  } catch (error) {
    write('offline', say('offline_failed', { actual: error }));
    return;
  }
  await navigator.serviceWorker.ready;
  write('offline', say('offline_yes'));
}

/** @param {ServiceWorkerRegistration} registration */
function watch(registration) {
  const { installing } = registration;
  installing?.addEventListener('statechange', () => {
    if (installing.state === 'redundant' && registration.active === null) {
      write('offline', say('offline_failed', { actual: say('storage_full') }));
    }
    offerUpdate(registration);
  });
}

/** @param {ServiceWorkerRegistration} registration */
function offerUpdate(registration) {
  const { waiting } = registration;
  if (waiting === null || navigator.serviceWorker.controller === null) return;
  show('update', true);
  element('update_now').onclick = () => waiting.postMessage('take over');
}

/** Forget what is kept of this page, and fetch every file again; other pages of the origin keep theirs. */
export async function fetchAgain() {
  const folder = new URL('.', location.href);
  const kept = await navigator.serviceWorker?.getRegistration?.(folder);
  if (kept?.scope === folder.href) await kept.unregister();
  const names = (await globalThis.caches?.keys()) ?? [];
  const ours = names.filter((name) => name.startsWith(`edge-infer ${folder.pathname} `));
  await Promise.all(ours.map((name) => caches.delete(name)));
  location.reload();
}
