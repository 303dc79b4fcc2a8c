import { forget } from './imports.js';
import create from './node_modules/less/lib/less/index.js';
import AbstractFileManager from './node_modules/less/lib/less/environment/abstract-file-manager.js';

class Files extends AbstractFileManager {
  supports() { return true; }
  supportsSync() { return true; }
  loadFileSync(name, directory) {
    const found = findFile(name, directory || '');
    return found ? { filename: found.file, contents: found.contents } : { type: 'File', message: 'The style sheet "' + name + '" cannot be found' };
  }
}

const less = create({}, [new Files()], '4.9.1');
less.FileManager = Files;
less.PluginLoader = function () {
  this.loadPluginSync = this.loadPlugin = () => ({ type: 'Plugin', message: '@plugin is not accepted: no script of a project is run while it is built' });
};

globalThis.renderLess = (file, source) => {
  let out;
  less.render(source, { filename: file, syncImport: true, rewriteUrls: 'all', javascriptEnabled: false, math: 'always', quiet: true }, (e, result) => {
    out = e ? { message: String(e.message || e), file: e.filename || file, line: e.line || 0, column: (e.column || 0) + 1 } : { css: result.css };
  });
  if (!out || out.message) forget();
  return out || { message: 'the sheet imports something that cannot be loaded', file: file, line: 0, column: 1 };
};
