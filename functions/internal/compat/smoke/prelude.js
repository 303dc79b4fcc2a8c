// The world of a mini program without its screen: "my" from the catalogue, timers on a virtual clock, and the registers
// App, Page, Component, Behavior and Mixin. It runs before anything of the mini program, once for every page and mode.
(function (world) {
  'use strict';
  // api gives [kind, sample as JSON or "", methods] of a name, kind "" where there are only names below it.
  const { api, mode, query, route, requested } = world;
  const parse = JSON.parse;
  const clone = (text) => (text ? parse(text) : undefined);
  const fixtures = clone(world.fixtures) || {};
  // copy keeps what JSON has no form for: pages put functions and dates into their data.
  const copy = (v, seen = new Map()) => {
    if (v === null || typeof v !== 'object' || (!Array.isArray(v) && Object.getPrototypeOf(v) !== Object.prototype)) return v;
    if (seen.has(v)) return seen.get(v);
    const o = Array.isArray(v) ? [] : {};
    seen.set(v, o);
    for (const k of Object.keys(v)) o[k] = copy(v[k], seen);
    return o;
  };

  // ---- timers: time passes only when nothing else is left to do
  // Pages that never rest step thousands of times: nothing is copied and nothing is made in a step but what the page makes.
  let now = 0, serial = 0;
  const timers = []; // in no order: the time and the id say which is next
  const add = (f, ms, args, every) => {
    const t = { id: ++serial, at: now + Math.max(every ? 10 : 0, Number(ms) || 0), f, args, every };
    timers.push(t);
    return t.id;
  };
  const remove = (i) => {
    const last = timers.pop();
    if (i < timers.length) timers[i] = last;
  };
  const clear = (id) => {
    for (let i = 0; i < timers.length; i++) if (timers[i].id === id) return remove(i);
  };
  globalThis.setTimeout = (f, ms, ...args) => add(f, ms, args, 0);
  globalThis.setInterval = (f, ms, ...args) => add(f, ms, args, Math.max(10, Number(ms) || 0));
  globalThis.clearTimeout = globalThis.clearInterval = clear;
  globalThis.requestAnimationFrame = (f) => add(f, 16, [0], 0);
  globalThis.cancelAnimationFrame = clear;
  // step runs the next timer that is due within the horizon; false when there is none.
  world.step = (horizon) => {
    let best = null, at = 0;
    for (let i = 0; i < timers.length; i++) {
      const t = timers[i];
      if (!best || t.at < best.at || (t.at === best.at && t.id < best.id)) { best = t; at = i; }
    }
    if (!best || best.at > horizon) return false;
    now = Math.max(now, best.at);
    if (best.every) best.at = now + best.every;
    else remove(at);
    if (typeof best.f === 'function') best.f(...best.args);
    return true;
  };

  // ---- replies
  const anything = new Proxy(function () {}, {
    get(_, k) {
      if (k === Symbol.toPrimitive) return () => '';
      if (k === Symbol.iterator) return function* () {};
      if (k === 'then' || k === 'catch' || k === 'finally') return undefined;
      if (k === 'length') return 0;
      if (k === 'toJSON') return () => ({});
      if (typeof k === 'string' && k in Array.prototype && typeof Array.prototype[k] === 'function') return Array.prototype[k].bind([]);
      if (typeof k === 'string' && k in String.prototype && typeof String.prototype[k] === 'function') return String.prototype[k].bind('');
      return anything;
    },
    apply: () => anything,
    construct: () => anything,
    has: () => true,
    set: () => true,
  });
  if (mode === 'permissive') { // a reply may be a text of JSON
    const plain = JSON.parse;
    JSON.parse = (text, revive) => (text === anything ? anything : plain(text, revive));
  }
  const unasked = ['then', 'toJSON', 'error', 'errorMessage']; // what others than the page ask for, or what means a failure
  const more = (v) => {
    if (Object(v) !== v) return v;
    for (const k of Object.keys(v)) v[k] = more(v[k]);
    return new Proxy(v, { get: (t, k) => (k in t || typeof k === 'symbol' || unasked.includes(k) ? t[k] : anything) });
  };
  const over = (text) => (mode === 'permissive' ? more(clone(text) || {}) : clone(text) || {});
  const channel = () => made(['emit', 'off', 'on', 'once']);
  const network = { __proto__: null, request: 1, httpRequest: 1, uploadFile: 1, downloadFile: 1, connectSocket: 1 };
  const storage = new Map(Object.entries(fixtures.storage || {}));
  const reply = (name, sample, options) => {
    if (network[name] && 'url' in options) requested(name, String(options.url));
    for (const r of fixtures.replies || []) {
      if (r.api === name) return { ok: copy(r.body) };
      if (r.url && network[name] && String(options.url || '').startsWith(r.url)) return { ok: { data: copy(r.body), status: 200, statusCode: 200, headers: {} } };
    }
    if (mode === 'offline' && network[name]) return { fail: { error: 12, errorMessage: 'the network is not available' } };
    if (name === 'request' || name === 'httpRequest') return { ok: { data: mode === 'permissive' ? anything : options.dataType === 'text' ? '{}' : {}, status: 200, statusCode: 200, headers: {} } };
    if (name === 'navigateTo') return { ok: { eventChannel: channel() } };
    if (name === 'getStorage') return { ok: { data: storage.has(options.key) ? copy(storage.get(options.key)) : null } };
    if (name === 'setStorage') { storage.set(options.key, copy(options.data)); return { ok: {} }; }
    if (name === 'removeStorage') { storage.delete(options.key); return { ok: {} }; }
    return { ok: over(sample) };
  };
  // The methods are those of the task that some give back: it is there beside callbacks too, and then never fails by itself.
  const asynchronous = (name, sample, methods) => (options) => {
    const o = options && typeof options === 'object' ? options : {};
    const r = reply(name, sample, o);
    const called = typeof o.success === 'function' || typeof o.fail === 'function' || typeof o.complete === 'function';
    const task = (promise) => Object.assign(promise, made(methods));
    if (called) {
      let done = () => {};
      const given = methods && methods.length ? task(new Promise((resolve) => { done = resolve; })) : undefined;
      add(() => {
        if ('ok' in r) done(r.ok);
        if ('ok' in r) { if (typeof o.success === 'function') o.success(r.ok); } else if (typeof o.fail === 'function') o.fail(r.fail);
        if (typeof o.complete === 'function') o.complete('ok' in r ? r.ok : r.fail);
      }, 1, [], 0);
      return given;
    }
    return task(new Promise((resolve, reject) => add(() => { if ('ok' in r) resolve(r.ok); else if (name !== 'connectSocket') reject(r.fail); }, 1, [], 0)));
  };
  const made = (methods) => {
    const o = {};
    for (const m of methods || []) o[m] = () => o;
    return o;
  };
  const special = {
    __proto__: null,
    getStorageSync: (o) => ({ data: storage.has(o && o.key) ? copy(storage.get(o.key)) : null }),
    setStorageSync: (o) => { storage.set(o && o.key, copy(o && o.data)); },
    removeStorageSync: (o) => { storage.delete(o && o.key); },
    clearStorageSync: () => { storage.clear(); },
    canIUse: (name) => name === 'component2' || lookup(String(name)), // every host of today has the second component model
    getExtConfigSync: () => copy(fixtures.ext) || {},
    getLaunchOptionsSync: () => ({ path: route, query: {}, referrerInfo: {} }),
    getEnterOptionsSync: () => ({ path: route, query: {}, referrerInfo: {} }),
    call: (name, ...rest) => { const f = rest.find((a) => typeof a === 'function'); if (f) add(f, 1, [over('')], 0); },
  };
  const lookup = (name) => {
    const parts = name.split('.');
    return parts.some((_, i) => (api(parts.slice(0, i + 1).join('.')) || '')[0]) || world.components.includes(parts[0]);
  };
  const nothing = () => {};
  const stub = (name, kind, sample, methods) => {
    switch (kind) {
      case 'value': return name === 'SDKVersion' ? world.library : clone(sample);
      case 'async': return asynchronous(name, sample, methods);
      case 'factory': return () => made(methods);
      case 'listener': return methods && methods.length ? () => made(methods) : nothing;
      default: return () => clone(sample);
    }
  };
  globalThis.my = world.lazy((name, kind, sample, methods) => (!kind ? {} : special[name] || stub(name, kind, sample, methods)));
  globalThis.navigator = { swuserAgent: '' }; // all that phones have of it
  globalThis.requirePlugin = () => anything; // plugins are the host's and not in the package

  // ---- registers
  const quiet = () => {};
  globalThis.console = Object.fromEntries('log info warn error debug trace dir dirxml table assert clear count countReset group groupCollapsed groupEnd time timeLog timeEnd'.split(' ').map((k) => [k, quiet]));
  let app = null;
  world.app = null;
  world.pages = [];
  world.components_ = [];
  globalThis.App = (o) => { app = o || {}; world.app = app; };
  globalThis.getApp = () => app || {};
  globalThis.Page = (o) => { world.pages.push(o || {}); };
  globalThis.Component = (o) => { world.components_.push(o || {}); };
  globalThis.Behavior = (o) => o;
  globalThis.Mixin = (o) => o;
  let current = [];
  globalThis.getCurrentPages = () => current.slice();

  const setPath = (data, path, value) => {
    const keys = String(path).replace(/\[(\d+)\]/g, '.$1').split('.').filter((k) => k !== '');
    let at = data;
    for (let i = 0; i < keys.length - 1; i++) {
      if (at[keys[i]] === null || typeof at[keys[i]] !== 'object') at[keys[i]] = /^\d+$/.test(keys[i + 1]) ? [] : {};
      at = at[keys[i]];
    }
    if (keys.length) at[keys[keys.length - 1]] = value;
  };
  const mixed = (o) => (o.mixins || []).concat(o.behaviors || []).reduce((all, m) => (m && typeof m === 'object' ? { ...mixed(m), ...all, data: { ...(m.data || {}), ...(all.data || {}) } } : all), { ...o });
  // open makes the page's instance, as the framework would.
  world.open = (options) => {
    const page = mixed(options);
    page.data = typeof page.data === 'function' ? page.data() : copy(page.data) || {};
    page.route = route;
    page.setData = (patch, then) => {
      for (const k of Object.keys(patch || {})) setPath(page.data, k, patch[k]);
      if (typeof then === 'function') add(() => then.call(page), 1, [], 0);
    };
    page.$spliceData = (patch, then) => {
      for (const k of Object.keys(patch || {})) if (Array.isArray(page.data[k])) page.data[k].splice(...patch[k]);
      if (typeof then === 'function') add(() => then.call(page), 1, [], 0);
    };
    page.$batchedUpdates = (f) => { if (typeof f === 'function') f.call(page); };
    page.createSelectorQuery = () => made((api('createSelectorQuery') || [])[2]);
    page.createIntersectionObserver = () => made((api('createIntersectionObserver') || [])[2]);
    page.createMediaQueryObserver = () => made(['disconnect', 'observe']);
    page.getOpenerEventChannel = channel;
    page.router = page.pageRouter = Object.fromEntries(['navigateBack', 'navigateTo', 'reLaunch', 'redirectTo', 'switchTab'].map((n) => [n, (o) => globalThis.my[n](o)]));
    page.getTabBar = () => (world.tabBar ? new Proxy({ data: {}, setData() {} }, { get: (t, k) => (k in t || typeof k === 'symbol' || k === 'then' ? t[k] : anything) }) : null);
    page.selectComponent = page.$selectComponent = () => anything; // nothing is rendered, so that nobody knows what it has
    page.$selectAllComponents = () => [];
    current = [page];
    return page;
  };
  world.call = (target, name, ...args) => {
    if (name === 'onReady') for (const ref of world.refs || []) hand(target, ref);
    const f = target && target[name];
    if (typeof f !== 'function') return undefined;
    if (target !== app) return f.apply(target, args);
    current = [{ route, data: {}, setData() {} }]; // converters of the platform's own read its route while the app starts
    try { return f.apply(target, args); } finally { current = []; }
  };
  // hand gives the page the component or element that its template refers to, before it is ready. Nobody knows what that has.
  const hand = (page, ref) => { try { if (typeof page[ref] === 'function') page[ref](anything); } catch (e) {} };
  world.query = () => Object.fromEntries((query || '').split('&').filter(Boolean).map((p) => { const i = p.indexOf('='); const d = (s) => { try { return decodeURIComponent(s); } catch (e) { return s; } }; return i < 0 ? [d(p), ''] : [d(p.slice(0, i)), d(p.slice(i + 1))]; }));
})
