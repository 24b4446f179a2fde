/** What a description says of one route: what it takes, and everything it may answer. */
import type { JsonSchema, ObjectSchema } from './schema.ts';

export interface RouteDescription {
  readonly method: 'get' | 'post' | 'put';
  /** As OpenAPI writes it: `/destinations/{id}/detach`. */
  readonly path: string;
  /** Unique within an API; client generators make it the name of a function. */
  readonly operationId: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  /** Answers without a key or token. */
  readonly isOpen?: true;
  readonly query?: ObjectSchema;
  readonly parameters?: readonly ParameterDescription[];
  readonly body?: BodyDescription;
  /** By status. */
  readonly answers: Readonly<Record<number, AnswerDescription>>;
}

/** Of the path, or a header of the request. */
export interface ParameterDescription {
  readonly name: string;
  readonly in: 'path' | 'header';
  readonly description: string;
  readonly schema: JsonSchema;
}

export interface BodyDescription {
  readonly schema: ObjectSchema;
  readonly examples: Examples;
}

export interface AnswerDescription {
  readonly description: string;
  /** Default: `application/json`. */
  readonly contentType?: string;
  readonly schema: JsonSchema;
  readonly examples?: Examples;
  readonly headers?: Readonly<Record<string, { readonly description: string; readonly schema: JsonSchema }>>;
}

/** By name. */
export type Examples = Readonly<Record<string, { readonly summary: string; readonly value: unknown }>>;

/** Codes and what they mean. */
export type Codes = Readonly<Record<string, string>>;

/** An answer `{code, message}` whose code is one of these. */
export function refusalAnswer(codes: Codes, headers?: AnswerDescription['headers']): AnswerDescription {
  return {
    description: Object.entries(codes)
      .map(([code, meaning]) => `- \`${code}\`: ${meaning}`)
      .join('\n'),
    schema: refusalSchema(Object.keys(codes)),
    ...(headers && { headers }),
  };
}

/** @param title makes it a component */
export function refusalSchema(codes: readonly string[], title?: string): JsonSchema {
  return {
    ...(title !== undefined && { title }),
    type: 'object',
    properties: {
      code: { type: 'string', enum: codes },
      message: { type: 'string', description: 'What was expected, for people; not to be parsed.' },
    },
    required: ['code', 'message'],
    additionalProperties: false,
  };
}
