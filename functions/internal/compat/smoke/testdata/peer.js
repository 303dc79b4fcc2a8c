// Runs the same scripts in the same world on Node, to compare the engines. Reads a job on stdin and writes a line for each
// page and mode. Every call goes through vm, so that promises settle after it, as they do after a call into goja.
'use strict';
const vm = require('vm');
const path = require('path').posix;

const rejected = new Set();
process.on('unhandledRejection', (_, promise) => rejected.add(promise));
process.on('rejectionHandled', (promise) => rejected.delete(promise));
const settled = () => new Promise((resolve) => setImmediate(resolve));

const evaluation = ['app', 'component', 'page', 'register', 'time'];
const compiled = new Map();
function wrapper(file, source) {
  if (!compiled.has(file)) compiled.set(file, new vm.Script('(function(exports,require,module){' + source + '\n})', { filename: file }));
  return compiled.get(file);
}

class Failed extends Error {
  constructor(phase) { super(phase); this.phase = phase; }
}

// world is a fresh realm. What runs in it gets nothing of this one but functions that take and give plain values.
function world(job, page, mode) {
  const context = vm.createContext({}, { microtaskMode: 'afterEvaluate' });
  const evaluate = (phase, code) => {
    try {
      return vm.runInContext(code, context, { timeout: 5000 });
    } catch (e) {
      throw new Failed(e && e.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT' ? 'time' : phase);
    }
  };
  const side = mode === 'oldest' ? job.oldest : job.newest;
  const data = { library: side.library, components: job.components, tabBar: job.tabBar, fixtures: job.fixtures, mode, query: page.query, refs: page.refs, route: page.path };
  evaluate('world', 'Math.random = () => 0.5;' + job.filler);
  context.load = (file) => wrapper(file, job.scripts[file]).runInContext(context);
  context.find = (from, spec) => {
    const base = spec.startsWith('/') ? path.normalize(spec).replace(/^\/+/, '') : path.join(path.dirname(from), spec);
    return ['', '.js', '.json', '/index.js'].map((e) => base + e).find((f) => Object.hasOwn(job.scripts, f)) || '';
  };
  context.text = (file) => job.scripts[file];
  context.api = (name) => (Object.hasOwn(side.apis, name) ? JSON.stringify(side.apis[name]) : undefined);
  evaluate('world', `{
    const world = JSON.parse(${JSON.stringify(JSON.stringify(data))}), requests = [], modules = new Map(), parse = JSON.parse;
    const { load, find, text, api } = globalThis;
    delete globalThis.load; delete globalThis.find; delete globalThis.text; delete globalThis.api;
    world.requested = (api, url) => { requests.push(api + ' ' + url); };
    world.api = (name) => { const a = api(name); return a && parse(a); };
    world.lazy = (make) => { // here it is made whole, so that what is lazy is held against an object that is not
      const put = (o, k, value) => Object.defineProperty(o, k, { value, writable: true, configurable: true, enumerable: true });
      const fill = (o, names, from) => (names || []).forEach((n) => {
        const [kind, sample, methods, below] = world.api(n), v = make(n, kind, sample, methods);
        put(o, n.slice(from), Object(v) === v ? fill(v, below, n.length + 1) : v);
      }) || o;
      return fill({}, world.api('')[3], 0);
    };
    (${job.prelude}\n)(world);
    const run = (file) => {
      if (modules.has(file)) return modules.get(file).exports;
      const module = { exports: {} };
      modules.set(file, module);
      if (file.endsWith('.json')) return (module.exports = parse(text(file)));
      try {
        load(file).call(undefined, module.exports, (spec) => {
          const found = find(file, String(spec));
          if (!found) throw new Error('cannot find module ' + spec);
          return run(found);
        }, module);
      } catch (e) { modules.delete(file); throw e; }
      return module.exports;
    };
    Object.defineProperty(globalThis, '__peer', { value: { world, run, requests } });
  }`);
  return evaluate;
}

function live(job, page, evaluate) {
  const q = JSON.stringify;
  const has = (file) => Object.hasOwn(job.scripts, file);
  if (has('app.js')) evaluate('app', "__peer.run('app.js'); 0");
  for (const name of ['onLaunch', 'onShow']) evaluate('app ' + name, `__peer.world.call(__peer.world.app, ${q(name)}, { path: ${q(page.path)}, query: {} }); 0`);
  for (const c of page.components || []) if (has(c + '.js')) evaluate('component', `__peer.run(${q(c + '.js')}); 0`);
  evaluate('page', `__peer.run(${q(page.path + '.js')}); 0`);
  if (!evaluate('page', '__peer.world.pages.length')) throw new Failed('register');
  evaluate('page', '__peer.page = __peer.world.open(__peer.world.pages[0]); __peer.query = __peer.world.query(); 0');
  const timers = () => { for (let i = 0; i < job.maxSteps && evaluate('timer', `__peer.world.step(${job.horizon})`); i++); };
  for (const name of ['onLoad', 'onShow', 'onReady', '', 'onHide', 'onUnload']) {
    if (name) evaluate(name, `__peer.world.call(__peer.page, ${q(name)}, __peer.query); 0`);
    else timers();
  }
  timers();
}

async function main() {
  const chunks = [];
  for await (const c of process.stdin) chunks.push(c);
  const job = JSON.parse(Buffer.concat(chunks));
  for (const page of job.pages) {
    let hopeless = false;
    for (const mode of job.modes) {
      const out = { page: page.path, mode };
      let evaluate;
      rejected.clear();
      try {
        if (hopeless) throw new Failed('skipped');
        evaluate = world(job, page, mode);
        live(job, page, evaluate);
        await settled();
        if (rejected.size) out.phase = 'rejection';
      } catch (e) {
        if (!(e instanceof Failed)) throw e;
        out.phase = e.phase;
        await settled();
      }
      if (evaluate && mode === 'empty') out.requests = JSON.parse(evaluate('end', 'JSON.stringify(__peer.requests)'));
      hopeless = hopeless || evaluation.includes(out.phase);
      process.stdout.write(JSON.stringify(out) + '\n');
    }
  }
}
main();
