/** An OpenAPI description as tests read it: its operations, and a check for every schema in it. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Express } from 'express';

export interface Operation {
  readonly method: string;
  readonly path: string;
  readonly operation: OperationObject;
}

interface OperationObject {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly security?: readonly object[];
  readonly parameters?: readonly ParameterObject[];
  readonly requestBody?: { readonly content: Record<string, ContentObject> };
  readonly responses: Record<
    string,
    {
      readonly headers?: Record<string, { readonly schema: object }>;
      readonly content: Record<string, ContentObject>;
    }
  >;
}

interface ParameterObject {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema: object;
}

interface ContentObject {
  readonly schema: object;
  readonly examples?: Record<string, { readonly summary: string; readonly value: unknown }>;
}

interface SchemaObject {
  readonly properties: Readonly<Record<string, { readonly enum?: readonly string[] }>>;
}

export interface Api {
  readonly document: {
    readonly info: { readonly version: string; readonly license: { readonly identifier: string } };
    readonly components: { readonly schemas: Readonly<Record<string, SchemaObject>> };
  };
  readonly operations: readonly Operation[];
  /** What a schema of the description finds wrong with a value, in words; empty when nothing. */
  check(schema: object, value: unknown): string;
  /** The same for an answer: its status, its content and its code must be among the described. */
  checkAnswer(path: string, method: string, answer: { status: number; type: string; body: unknown }): string;
}

const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

export function apiOf(text: string): Api {
  const document = JSON.parse(text);
  const ajv = new Ajv2020({
    allErrors: true,
    allowUnionTypes: true,
    strictRequired: false,
    formats: { 'date-time': DATE_TIME, cursor: true },
  });
  ajv.addVocabulary(['components']);
  ajv.addSchema({ $id: 'api:', components: document.components }, undefined, false, false);
  const operations = Object.entries<Record<string, OperationObject>>(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
  );
  const check = (schema: object, value: unknown) => {
    const validate = ajv.compile(withBase(schema));
    return validate(value) ? '' : ajv.errorsText(validate.errors);
  };
  return {
    document,
    operations,
    check,
    checkAnswer(path, method, { status, type, body }) {
      const found = operations.find((each) => each.path === path && each.method === method);
      const content = found?.operation.responses[status]?.content[type];
      return content
        ? check(content.schema, body)
        : `${method} ${path}: ${status} as ${type} is not described`;
    },
  };
}

const based = new WeakMap<object, object>();

/** Its references lead into the description. Kept, so that each schema is compiled once. */
function withBase(schema: object): object {
  const known = based.get(schema);
  if (known) return known;
  const made = JSON.parse(JSON.stringify(schema).replaceAll('"$ref":"#', '"$ref":"api:#'));
  based.set(schema, made);
  return made;
}

/** `get /x`, of everything that a router answers other than by a refusal, with parameters as OpenAPI writes them. */
export function routesOf(app: Express): string[] {
  return app.router.stack.flatMap(({ route }) =>
    route === undefined
      ? []
      : Object.keys((route as unknown as { methods: Record<string, boolean> }).methods)
          .filter((method) => method !== '_all')
          .map((method) => `${method} ${route.path.replaceAll(/:(\w+)/g, '{$1}')}`),
  );
}

export const namesOf = ({ operations }: Api) => operations.map(({ method, path }) => `${method} ${path}`);
