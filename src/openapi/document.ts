/** Makes an OpenAPI 3.1 description of routes that are described; equal schemas of one title become one component. */
import { isDeepStrictEqual } from 'node:util';
import { VERSION } from '../config/version.ts';
import type { AnswerDescription, BodyDescription, Examples, RouteDescription } from './route.ts';
import type { JsonSchema, ObjectSchema } from './schema.ts';

export interface ApiDescription {
  readonly title: string;
  readonly summary: string;
  /** CommonMark. */
  readonly description: string;
  /** What a route that is not open asks for. */
  readonly security: {
    readonly name: string;
    readonly scheme: 'basic' | 'bearer';
    readonly description: string;
  };
  /** In the order in which they are shown. */
  readonly tags: Readonly<Record<string, string>>;
  readonly routes: readonly RouteDescription[];
  /** Schemas that no route needs: what is answered outside of all routes. */
  readonly schemas?: readonly JsonSchema[];
}

/** Schemas that were found with a title. */
type Components = Map<string, object>;

/** The description's JSON text. Throws when two different schemas have one title. */
export function describeApi(api: ApiDescription): string {
  const { title, summary, description, security, tags } = api;
  const components: Components = new Map();
  const paths = pathsOf(api, components);
  for (const schema of api.schemas ?? []) hoisted(schema, components);
  return JSON.stringify({
    openapi: '3.1.1',
    info: {
      title,
      summary,
      description,
      version: VERSION,
      license: { name: 'Apache License 2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'The server that answers with this description.' }],
    tags: Object.entries(tags).map(([name, about]) => ({ name, description: about })),
    security: [{ [security.name]: [] }],
    paths,
    components: {
      schemas: Object.fromEntries([...components].sort(([a], [b]) => (a < b ? -1 : 1))),
      securitySchemes: {
        [security.name]: { type: 'http', scheme: security.scheme, description: security.description },
      },
    },
  });
}

function pathsOf({ routes }: ApiDescription, components: Components) {
  const byPath = Map.groupBy(routes, ({ path }) => path);
  return Object.fromEntries(
    [...byPath].map(([path, each]) => [
      path,
      Object.fromEntries(each.map((route) => [route.method, operationOf(route, components)])),
    ]),
  );
}

function operationOf(route: RouteDescription, components: Components) {
  const { operationId, tag, summary, description, isOpen, query, parameters = [], body } = route;
  const all = [
    ...parameters.map((each) => ({
      ...each,
      ...(each.in === 'path' && { required: true }),
      schema: hoisted(each.schema, components),
    })),
    ...(query ? queryOf(query, components) : []),
  ];
  return {
    operationId,
    tags: [tag],
    summary,
    ...(description !== undefined && { description }),
    ...(isOpen && { security: [] }),
    ...(all.length > 0 && { parameters: all }),
    ...(body && { requestBody: bodyOf(body, components) }),
    responses: Object.fromEntries(
      Object.entries(route.answers).map(([status, answer]) => [status, answerOf(answer, components)]),
    ),
  };
}

function queryOf({ properties, required }: ObjectSchema, components: Components) {
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: 'query',
    ...(required.includes(name) && { required: true }),
    ...(description !== undefined && { description }),
    schema: hoisted(schema, components),
  }));
}

function bodyOf({ schema, examples }: BodyDescription, components: Components) {
  return { required: true, content: { 'application/json': contentOf(schema, examples, components) } };
}

function answerOf(
  { description, contentType = 'application/json', schema, examples, headers }: AnswerDescription,
  components: Components,
) {
  return {
    description,
    ...(headers && { headers }),
    content: { [contentType]: contentOf(schema, examples, components) },
  };
}

function contentOf(schema: JsonSchema, examples: Examples | undefined, components: Components) {
  return { schema: hoisted(schema, components), ...(examples && { examples }) };
}

/** The schema with a reference in place of each that has a title. */
function hoisted(schema: JsonSchema, components: Components): object {
  const { title } = schema;
  if (title === undefined) return withHoisted(schema, components);
  const whole = withHoisted(schema, components);
  const known = components.get(title);
  if (known !== undefined && !isDeepStrictEqual(known, whole)) {
    throw new Error(`two different schemas are called ${title}`);
  }
  components.set(title, whole);
  return { $ref: `#/components/schemas/${title}` };
}

function withHoisted(schema: JsonSchema, components: Components): object {
  const { items, properties, additionalProperties, anyOf, not } = schema;
  const inner = (each: JsonSchema) => hoisted(each, components);
  return {
    ...schema,
    ...(items && { items: inner(items) }),
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([name, each]) => [name, inner(each)])),
    }),
    ...(typeof additionalProperties === 'object' && { additionalProperties: inner(additionalProperties) }),
    ...(anyOf && { anyOf: anyOf.map(inner) }),
    ...(not && { not: inner(not) }),
  };
}
