/** The level of the log lines over HTTP: seen, and changed until the process ends. */
import type { Express } from 'express';
import type { LogLevel } from '../telemetry/logger.ts';
import { SET_LEVEL, SHOW_LEVEL } from './described-process.ts';
import { addRoute } from './route.ts';

export interface LogLevelActs {
  get(): LogLevel;
  /** From the next line on. */
  set(level: LogLevel): void;
}

/** `GET` answers `{"level"}`, `PUT` with the same as its body `{"level","was"}`. */
export function addLogLevelRoute(app: Express, acts: LogLevelActs): void {
  addRoute(app, SHOW_LEVEL, (_asked, _req, res) => {
    res.json({ level: acts.get() });
  });
  addRoute<{ readonly level: LogLevel }>(app, SET_LEVEL, ({ level }, _req, res) => {
    const was = acts.get();
    acts.set(level);
    res.json({ level, was });
  });
}
