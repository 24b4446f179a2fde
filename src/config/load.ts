/** Loads a configuration from its files and the environment: all problems at once, none of them thrown, and nothing else read. */
import { readFileSync } from 'node:fs';
import { checkWritten, type LoadedConfig } from './check-written.ts';
import type { Role } from './config.ts';
import { type ConfigDocument, readDocument } from './document.ts';
import type { Environment } from './environment.ts';
import { describeFileError } from './file-fault.ts';
import { inOrder, type Problem } from './problem.ts';
import { assemble } from './workspace-assemble.ts';
import { readJsonDocument } from './workspace-json.ts';
import { type Place, toProblem, writtenIn } from './written.ts';

/** What the command line names. At least one of the files is given. */
export interface ConfigFiles {
  /** Brazier's own configuration, YAML. */
  readonly config?: string;
  /** RudderStack's `workspaceConfig.json`; `config` then overrides and adds to it. */
  readonly workspaceConfig?: string;
  /** Serve without what changes RudderStack's result and is not served here (JavaScript transformations …). */
  readonly allowUnserved?: boolean;
  /** What the process is to do with them; default `all`. */
  readonly role?: Role;
}

/** Relative paths inside the files are relative to the working folder. Reads them and the secret files they name. */
export function loadFiles(files: ConfigFiles, env: Environment): LoadedConfig {
  const { config: file, workspaceConfig, allowUnserved = false, role = 'all' } = files;
  if (workspaceConfig === undefined)
    return check(
      opened(file ?? '', (text) => readDocument(text, env)),
      role,
    );
  const workspace = opened(workspaceConfig, readJsonDocument);
  const own = file === undefined ? undefined : opened(file, (text) => readDocument(text, env));
  const problems = [...workspace.problems, ...(own?.problems ?? [])];
  if (workspace.place === null || own?.place === null) return { ok: false, problems };
  const { written, problems: found, warnings } = assemble(workspace.place, own?.place, allowUnserved);
  const before = { problems: [...problems, ...found], warnings };
  return written === null
    ? { ok: false, problems: inOrder(before.problems) }
    : checkWritten(written, before, role);
}

/** Brazier's own configuration alone. */
export function loadConfig(file: string, env: Environment): LoadedConfig {
  return loadFiles({ config: file }, env);
}

/** The same for text at hand; `file` names it in problems. */
export function parseConfig(file: string, text: string, env: Environment, role: Role = 'all'): LoadedConfig {
  return check(placed(file, readDocument(text, env)), role);
}

function check({ place, problems }: Opened, role: Role): LoadedConfig {
  if (place === null) return { ok: false, problems: inOrder(problems) };
  return checkWritten(writtenIn(place.file, place.document), { problems }, role);
}

interface Opened {
  /** null: not worth checking, `problems` say why. */
  readonly place: Place | null;
  readonly problems: readonly Problem[];
}

function opened(file: string, read: (text: string) => ConfigDocument): Opened {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const message = `cannot be read: ${describeFileError(error)}`;
    return { place: null, problems: [{ file, line: null, path: '', message }] };
  }
  return placed(file, read(text));
}

function placed(file: string, document: ConfigDocument): Opened {
  const problems = document.faults.map(({ line, path, message }) => ({
    ...toProblem({ file, document, path }, message),
    line,
  }));
  return { place: document.readable ? { file, document, path: [] } : null, problems };
}
