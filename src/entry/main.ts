// The process's first file: hands over to the command line, or says in one line that this Node is too old.
// It is CommonJS without any type syntax on purpose: an older Node must be able to run it. `src/main.ts` links here.

const OLDEST_MAJOR = 24;

if (Number(process.versions.node.split('.')[0]) < OLDEST_MAJOR) {
  process.stderr.write(
    `brazier needs Node.js ${OLDEST_MAJOR} or newer, this is ${process.versions.node}: ` +
      'run it with "npm run -s brazier -- <command>" after "npm ci", which brings its own Node.js\n',
  );
  process.exitCode = 2;
} else {
  // Starting takes half as long when Node.js keeps what it compiled (in the system's temporary folder, where it can).
  require('node:module').enableCompileCache();
  import('../cli/program.ts').then(({ runProgram }) => runProgram(process.argv));
}
