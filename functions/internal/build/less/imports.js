// What an imported file is parsed to, kept for the other sheets of the project: most sheets of a component library import
// the same variables, and parsing them is four fifths of the work. Every import gets a copy of its own, because less.js
// changes the trees that it works on; only plain declarations, of which it makes new ones in any case, are shared.
import tree from './node_modules/less/lib/less/tree/index.js';
import functions from './node_modules/less/lib/less/functions/function-registry.js';

const maxKept = 512 * 1024; // characters of source; a tree takes some hundred times as much
const known = new Map(); // file → { source, root, info, shared }
let kept = 0;

// Of these a declaration may consist to be shared: what they come to depends on no file.
const plain = [tree.Value, tree.Expression, tree.Keyword, tree.Color, tree.Dimension, tree.Unit, tree.Variable, tree.Operation, tree.Negative, tree.Paren];

const isPlain = (value) => {
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every(isPlain);
  if (!plain.some((kind) => Object.getPrototypeOf(value) === kind.prototype)) return false;
  return Object.keys(value).every((key) => key === 'parent' || key === '_fileInfo' || isPlain(value[key]));
};

// plainOnes are the declarations of a tree that may be shared: those that only rulesets and mixins are around.
const plainOnes = (ruleset, out) => {
  for (const rule of ruleset.rules) {
    const kind = Object.getPrototypeOf(rule);
    if (kind === tree.Ruleset.prototype || kind === tree.mixin.Definition.prototype) plainOnes(rule, out);
    else if (kind === tree.Declaration.prototype && isPlain(rule.name) && isPlain(rule.value)) out.add(rule);
  }
  return out;
};

// copy gives a tree with another file's information in place of its own, or throws where it meets what it does not know.
const copy = (root, info, replacement, shared) => {
  const seen = new Map([[info, replacement]]);
  const todo = [];
  const twin = (value) => {
    if (typeof value === 'function') throw new Error('a tree holds a function');
    if (typeof value !== 'object' || value === null || value instanceof RegExp || shared.has(value)) return value;
    const before = seen.get(value);
    if (before) return before;
    let out;
    if (Array.isArray(value)) {
      out = new Array(value.length);
    } else {
      const prototype = Object.getPrototypeOf(value);
      if (prototype !== Object.prototype && !(value instanceof tree.Node)) throw new Error('a tree holds something else');
      out = Object.create(prototype);
    }
    seen.set(value, out);
    todo.push(value, out);
    return out;
  };
  const result = twin(root);
  while (todo.length) {
    const to = todo.pop(), from = todo.pop();
    if (Array.isArray(from)) {
      for (let i = 0; i < from.length; i++) to[i] = twin(from[i]);
    } else {
      for (const key of Object.keys(from)) to[key] = key === 'functionRegistry' ? undefined : twin(from[key]);
    }
  }
  result.functionRegistry = functions.inherit();
  return result;
};

const keep = (source, root, info) => {
  const own = Object.assign({}, info);
  try {
    const tidy = copy(root, info, own, new Set());
    known.set(info.filename, { source, root: tidy, info: own, shared: plainOnes(tidy, new Set()) });
    kept += source.length;
  } catch (unknown) {
    // A tree that cannot be copied is parsed each time.
  }
};

// import-manager.js calls this instead of parsing what it has loaded.
globalThis.parseImport = (parser, manager, info, contents, done) => {
  const source = contents.replace(/\r\n?/g, '\n');
  const before = known.get(info.filename);
  if (before && before.source === source) {
    manager.contents[info.filename] = source;
    return done(null, copy(before.root, before.info, info, before.shared));
  }
  parser().parse(contents, (e, root) => {
    if (!e && root && !before && kept + source.length <= maxKept) keep(source, root, info);
    done(e, root);
  });
};

// forget is for after a fault, which may leave a variable half evaluated.
export const forget = () => {
  known.clear();
  kept = 0;
};
