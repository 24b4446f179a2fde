// Where what Braze has of these users differs from what the sandbox has, field by field (docs/rudderstack.md). Only reads:
// BRAZE=https://rest.fra-01.braze.eu BRAZE_KEY=… node examples/compare-users.mjs USER_ID…
const { BRAZE, BRAZE_KEY, SANDBOX = 'http://127.0.0.1:4800' } = process.env;
const FIELDS = [
  'external_id',
  'first_name',
  'last_name',
  'email',
  'phone',
  'country',
  'home_city',
  'language',
  'gender',
  'dob',
  'user_aliases',
  'custom_attributes',
  'custom_events',
  'purchases',
];
async function usersAt(url, key) {
  const body = JSON.stringify({ external_ids: process.argv.slice(2), fields_to_export: FIELDS });
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const reply = await fetch(`${url}/users/export/ids`, { method: 'POST', headers, body });
  const { users = [] } = await reply.json();
  return new Map(users.map((user) => [user.external_id, { ...user, ...user.custom_attributes }]));
}
const counts = (list = []) => Object.fromEntries(list.map(({ name, count }) => [name, count]));
const [real, local] = [await usersAt(BRAZE, BRAZE_KEY), await usersAt(SANDBOX, 'sandbox')];
for (const [id, user] of local) {
  const other = real.get(id) ?? {};
  for (const [field, value] of Object.entries(user)) {
    if (field === 'custom_attributes') continue;
    const [a, b] = ['custom_events', 'purchases'].includes(field)
      ? [counts(other[field]), counts(value)]
      : [other[field], value];
    if (JSON.stringify(a) !== JSON.stringify(b))
      process.stdout.write(`${id} ${field} Braze: ${JSON.stringify(a)} sandbox: ${JSON.stringify(b)}\n`);
  }
}
