/** Braze's endpoints that the sandbox has: method and path, permission, rate limit and rules of each. */
import { judgeBulk, judgeSync, MAX_BULK_BYTES } from './bulk-rules.ts';
import { type Call, isPrioritizationRequired } from './call.ts';
import { judgeGetItem, judgeItem, judgeItems, judgeListItems } from './catalog-item-rules.ts';
import { judgeCreateCatalog, judgeDeleteCatalog, judgeListCatalogs } from './catalog-rules.ts';
import { isCheapExport, judgeExport } from './export-rules.ts';
import { judgeDelete, judgeRemove, judgeRename } from './id-rules.ts';
import type { Json } from './json.ts';
import { judgeAliasNew, judgeAliasUpdate, judgeIdentify } from './link-rules.ts';
import { judgeMerge } from './merge-rules.ts';
import type { RateClass } from './rate-windows.ts';
import { judgeSubscription, judgeSubscriptionV1 } from './subscription-rules.ts';
import { judgeGroupStatus, judgeUserStatus } from './subscription-status.ts';
import { judgeTrack } from './track-rules.ts';
import type { Verdict } from './verdict.ts';

export interface Endpoint {
  readonly permission: string;
  readonly rateClass: RateClass | ((body: Json | undefined) => RateClass);
  readonly hasBody: boolean;
  readonly maxBytes: number;
  readonly judge: (call: Call) => Verdict;
}

export interface Route {
  readonly endpoint: Endpoint;
  /** What stands in the path for the names in the pattern, decoded. */
  readonly parameters: readonly string[];
}

/** Braze: 4 MB for a track request, 413 above; taken for all that is not bulk. */
const MAX_BYTES = 4 * 1024 * 1024;
const NO_PARAMETERS: readonly string[] = [];

type Row = readonly [
  route: string,
  permission: string,
  rateClass: Endpoint['rateClass'],
  judge: Endpoint['judge'],
];

const ROWS: readonly Row[] = [
  [
    'POST /users/track',
    'users.track',
    'track',
    ({ body, context, packing }) => judgeTrack(body, context, packing),
  ],
  ['POST /users/track/bulk', 'users.track.bulk', 'bulk', judgeBulk],
  ['POST /users/track/sync', 'users.track.sync', 'sync', judgeSync],
  [
    'POST /users/identify',
    'users.identify',
    'users',
    (call) => judgeIdentify(call.body, isPrioritizationRequired(call)),
  ],
  ['POST /users/alias/new', 'users.alias.new', 'users', ({ body }) => judgeAliasNew(body)],
  ['POST /users/alias/update', 'users.alias.update', 'users', ({ body }) => judgeAliasUpdate(body)],
  [
    'POST /users/merge',
    'users.merge',
    'users',
    (call) => judgeMerge(call.body, isPrioritizationRequired(call)),
  ],
  ['POST /users/delete', 'users.delete', 'users', judgeDelete],
  [
    'POST /users/export/ids',
    'users.export.ids',
    (body) => (isCheapExport(body) ? 'cheapExport' : 'export'),
    judgeExport,
  ],
  ['POST /users/external_ids/rename', 'users.external_ids.rename', 'externalIds', judgeRename],
  ['POST /users/external_ids/remove', 'users.external_ids.remove', 'externalIds', judgeRemove],
  [
    'POST /v2/subscription/status/set',
    'subscription.status.set',
    'subscription',
    ({ body, context }) => judgeSubscription(body, context.workspace.subscriptionGroups),
  ],
  [
    'POST /subscription/status/set',
    'subscription.status.set',
    'subscription',
    ({ body, context }) => judgeSubscriptionV1(body, context.workspace.subscriptionGroups),
  ],
  ['GET /subscription/status/get', 'subscription.status.get', 'other', judgeGroupStatus],
  ['GET /subscription/user/status', 'subscription.groups.get', 'other', judgeUserStatus],
  ['POST /catalogs', 'catalogs.create', 'catalogs', judgeCreateCatalog],
  ['GET /catalogs', 'catalogs.get', 'catalogs', judgeListCatalogs],
  ['DELETE /catalogs/*', 'catalogs.delete', 'catalogs', judgeDeleteCatalog],
  ['GET /catalogs/*/items', 'catalogs.get_items', 'catalogItem', judgeListItems],
  ['POST /catalogs/*/items', 'catalogs.add_items', 'catalogItems', judgeItems('create')],
  ['PUT /catalogs/*/items', 'catalogs.replace_items', 'catalogItems', judgeItems('replace')],
  ['PATCH /catalogs/*/items', 'catalogs.update_items', 'catalogItems', judgeItems('edit')],
  ['DELETE /catalogs/*/items', 'catalogs.delete_items', 'catalogItems', judgeItems('delete')],
  ['GET /catalogs/*/items/*', 'catalogs.get_item', 'catalogItem', judgeGetItem],
  ['POST /catalogs/*/items/*', 'catalogs.create_item', 'catalogItem', judgeItem('create')],
  ['PUT /catalogs/*/items/*', 'catalogs.replace_item', 'catalogItem', judgeItem('replace')],
  ['PATCH /catalogs/*/items/*', 'catalogs.update_item', 'catalogItem', judgeItem('edit')],
  ['DELETE /catalogs/*/items/*', 'catalogs.delete_item', 'catalogItem', judgeItem('delete')],
];

/** What a DELETE without a body is: the two that name everything in the path. */
const BODILESS: ReadonlySet<string> = new Set(['DELETE /catalogs/*', 'DELETE /catalogs/*/items/*']);

const ENDPOINTS: ReadonlyMap<string, Endpoint> = new Map(
  ROWS.map(([route, permission, rateClass, judge]) => {
    const hasBody = !route.startsWith('GET ') && !BODILESS.has(route);
    const maxBytes = permission === 'users.track.bulk' ? MAX_BULK_BYTES : MAX_BYTES;
    return [route, { permission, rateClass, hasBody, maxBytes, judge }];
  }),
);

/** The names of what a key may do. */
export const PERMISSIONS: readonly string[] = [...new Set(ROWS.map(([, permission]) => permission))];

/** Undefined when Braze has no such method and path, as far as the sandbox knows it. */
export function findRoute(method: string, path: string): Route | undefined {
  const endpoint = ENDPOINTS.get(`${method} ${path}`);
  if (endpoint !== undefined) return { endpoint, parameters: NO_PARAMETERS };
  return path.startsWith('/catalogs/') ? catalogRoute(method, path) : undefined;
}

function catalogRoute(method: string, path: string): Route | undefined {
  const [, , name = '', items, id] = path.split('/');
  const pattern = path.split('/').map((part, depth) => (depth === 2 || depth === 4 ? '*' : part));
  const endpoint = ENDPOINTS.get(`${method} ${pattern.join('/')}`);
  const parameters = items === undefined || id === undefined ? [name] : [name, id];
  return endpoint && { endpoint, parameters: parameters.map(decoded) };
}

/** As it stands where it is badly encoded: nothing has such a name. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
