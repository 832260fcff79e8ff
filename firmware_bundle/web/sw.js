/**
 * The service worker: one cache for each release, filled whole or not at all, and asked first.
 * It decides nothing about trust: the page verifies what it is given, from here or from a server.
 * @typedef {{waitUntil: (done: Promise<unknown>) => void}} Extendable
 */

/** Filled in when the bundle is made: a digest of all other files, and their names. */
const RELEASE = 'RELEASE_DIGEST';
const FILES = ['LIST_OF_FILES'];

const OURS = 'edge-infer ';
const CACHE = `${OURS}${new URL('.', self.location.href).pathname} ${RELEASE}`;

self.addEventListener('install', (event) => {
  /** @type {any} */ (event).waitUntil(fill());
});

self.addEventListener('activate', (event) => {
  /** @type {any} */ (event).waitUntil(forgetOthers());
});

self.addEventListener('message', (event) => {
  if (event.data === 'take over') /** @type {any} */ (self).skipWaiting();
});

self.addEventListener('fetch', (event) => {
  const { request } = /** @type {any} */ (event);
  const name = nameOf(request.url);
  if (request.method === 'GET' && FILES.includes(name)) /** @type {any} */ (event).respondWith(kept(name));
});

/** Past any other cache, so that two releases are never mixed. */
async function fill() {
  const cache = await caches.open(CACHE);
  try {
    for (const name of FILES) {
      const response = await fetch(name, { cache: 'reload', redirect: 'error' });
      if (!response.ok) throw new Error(`${name}: ${response.status}`);
      await cache.put(name, response);
    }
  } catch (error) {
    await caches.delete(CACHE);
    throw error;
  }
}

async function forgetOthers() {
  const folder = CACHE.slice(0, -RELEASE.length);
  for (const name of await caches.keys()) {
    if (name.startsWith(folder) && name !== CACHE) await caches.delete(name);
  }
}

/** @param {string} name */
async function kept(name) {
  const cache = await caches.open(CACHE);
  return (await cache.match(name)) ?? fetch(name);
}

/** The file's name within the folder; the folder itself is its page. @param {string} address */
function nameOf(address) {
  const { origin, pathname } = new URL(address);
  const folder = new URL('.', self.location.href);
  if (origin !== folder.origin || !pathname.startsWith(folder.pathname)) return '';
  return pathname.slice(folder.pathname.length) || 'index.html';
}
