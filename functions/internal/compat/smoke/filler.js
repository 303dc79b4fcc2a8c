// What engines of phones have and the one used here lacks. Formats are plain: nothing is shown to anybody.
(function () {
  'use strict';
  const define = (o, k, v) => { if (!(k in o)) Object.defineProperty(o, k, { value: v, writable: true, configurable: true }); };
  const formatter = (show) => function () { return { format: show, formatToParts: (v) => [{ type: 'literal', value: show(v) }], resolvedOptions: () => ({ locale: 'en', timeZone: 'UTC' }) }; };
  if (typeof Intl === 'undefined') {
    globalThis.Intl = {
      RelativeTimeFormat: function () { return { format: (v, unit) => v + ' ' + unit }; }, ListFormat: function () { return { format: (list) => [...list].join(', ') }; },
      NumberFormat: formatter((v) => String(v)), DateTimeFormat: formatter((v) => new Date(v === undefined ? Date.now() : v).toISOString()),
      Collator: function () { return { compare: (a, b) => (a < b ? -1 : a > b ? 1 : 0) }; },
      PluralRules: function () { return { select: (n) => (n === 1 ? 'one' : 'other') }; },
    };
    for (const k of Object.keys(Intl)) define(Intl[k], 'supportedLocalesOf', () => ['en']);
    // The engine takes the locale for a radix.
    for (const p of [Number.prototype, BigInt.prototype]) Object.defineProperty(p, 'toLocaleString', { value: function () { return this.toString(); }, writable: true, configurable: true });
  }
  // A proxy that defines an accessor for good is refused here, after it was defined, with an error that says nothing: frameworks
  // with reactive objects do that when an app starts.
  const { defineProperty, defineProperties } = Object, reflected = Reflect.defineProperty;
  const refused = (e) => e instanceof TypeError && !e.message;
  const same = (o, k, d) => { const now = d && (d.get || d.set) && Object.getOwnPropertyDescriptor(o, k); return now && now.get === d.get && now.set === d.set; };
  Object.defineProperty = function (o, k, d) {
    try { return defineProperty(o, k, d); } catch (e) { if (refused(e) && same(o, k, d)) return o; throw e; }
  };
  Reflect.defineProperty = function (o, k, d) {
    try { return reflected(o, k, d); } catch (e) { if (refused(e) && same(o, k, d)) return true; throw e; }
  };
  Object.defineProperties = function (o, all) {
    try { return defineProperties(o, all); } catch (e) { if (!refused(e)) throw e; }
    for (const k of Reflect.ownKeys(all)) if (Object.prototype.propertyIsEnumerable.call(all, k)) Object.defineProperty(o, k, all[k]);
    return o;
  };
  define(Date.prototype, 'toGMTString', Date.prototype.toUTCString);
  define(Date.prototype, 'getYear', function () { return this.getFullYear() - 1900; });
  define(Date.prototype, 'setYear', function (y) { return this.setFullYear(y >= 0 && y <= 99 ? 1900 + Math.trunc(y) : y); });
  for (const [name, part] of [['Getter', 'get'], ['Setter', 'set']]) {
    define(Object.prototype, '__define' + name + '__', function (k, f) { Object.defineProperty(this, k, { [part]: f, enumerable: true, configurable: true }); });
    define(Object.prototype, '__lookup' + name + '__', function (k) {
      for (let o = Object(this); o; o = Object.getPrototypeOf(o)) {
        const d = Object.getOwnPropertyDescriptor(o, k);
        if (d) return d[part];
      }
    });
  }
  define(Symbol, 'asyncIterator', Symbol('Symbol.asyncIterator'));
  define(globalThis, 'WeakRef', class WeakRef { constructor(o) { this.deref = () => o; } });
  define(globalThis, 'FinalizationRegistry', class FinalizationRegistry { register() {} unregister() {} });
  define(String.prototype, 'localeCompare', function (b) { return this < b ? -1 : this > b ? 1 : 0; });
  define(globalThis, 'queueMicrotask', (f) => { Promise.resolve().then(f); });
})();
