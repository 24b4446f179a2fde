// The first file of the log's thread. What the process asked of Node.js does not hold for its threads: without it the
// thread would strip the types by itself, which holds 20 MB for as long as it lives. Without types itself, or it would do so.
require('node:module').enableCompileCache();
import('./worker.ts');
