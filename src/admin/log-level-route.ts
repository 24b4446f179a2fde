/** The level of the log lines over HTTP: seen, and changed until the process ends. */
import express, { type Express } from 'express';
import { LOG_LEVELS, type LogLevel } from '../telemetry/logger.ts';
import { fail } from './answers.ts';
import { LEVEL, readMembers } from './asked.ts';

export interface LogLevelActs {
  get(): LogLevel;
  /** From the next line on. */
  set(level: LogLevel): void;
}

/** `GET` answers `{"level"}`, `PUT` with the same as its body `{"level","was"}`. */
export function addLogLevelRoute(app: Express, acts: LogLevelActs): void {
  app.get('/log-level', (_req, res) => {
    res.json({ level: acts.get() });
  });
  // Whatever the client calls its body, it is JSON: curl calls it a form.
  app.put('/log-level', express.json({ limit: '1kb', type: () => true }), (req, res) => {
    const asked = readMembers<{ readonly level?: LogLevel }>(req.body, LEVEL);
    if (!asked.ok) return fail(res, 400, 'invalid_body', asked.problem);
    const { level } = asked.value;
    if (level === undefined)
      return fail(res, 400, 'invalid_body', `expected {"level"}: ${LOG_LEVELS.join(', ')}`);
    const was = acts.get();
    acts.set(level);
    res.json({ level, was });
  });
}
