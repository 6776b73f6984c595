// node oidc.mjs PACKAGES PORT CERTIFICATE KEY CLIENT_ID: a real OAuth 2 server (npm oidc-provider) that plays Microsoft's.
// The owner needs no browser: /test/as says who signs in next and what they answer, and every interaction answers itself.
import https from 'node:https';
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [packages, port, certificate, key, clientId] = process.argv.slice(2);
const { Provider } = await import(pathToFileURL(path.join(packages, 'node_modules/oidc-provider/lib/index.js')).href);

const MOUNT = '/common/v2.0';
const PERSONAL = '9188040d-6c67-4c5b-b112-36a304b66dad';
const GRAPH = 'https://graph.microsoft.com/';
const life = { AccessToken: 3600, DeviceCode: 900, RefreshToken: 86400 };
const owner = { account: '', answer: 'accept', scopes: null };
const grants = new Map(); // account -> ids of its grants
const counts = { token: 0, refreshed: 0, refused: 0 };

const provider = new Provider(`https://localhost:${port}${MOUNT}`, {
  clients: [{
    client_id: clientId,
    token_endpoint_auth_method: 'none',
    application_type: 'native',
    redirect_uris: ['http://localhost'],
    response_types: ['code'],
    grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
  }],
  scopes: ['openid', 'profile', 'offline_access', `${GRAPH}Mail.ReadBasic`, `${GRAPH}Calendars.ReadBasic`],
  claims: { openid: ['sub'], profile: ['preferred_username', 'tid'] },
  conformIdTokenClaims: false,
  features: { deviceFlow: { enabled: true }, devInteractions: { enabled: false } },
  pkce: { required: () => true },
  rotateRefreshToken: true,
  issueRefreshToken: (_, __, source) => { // Microsoft gives offline_access without asking for consent again
    if (!source.scope.includes('offline_access')) source.scope += ' offline_access';
    return true;
  },
  expiresWithSession: () => false,
  ttl: {
    AccessToken: () => life.AccessToken,
    DeviceCode: () => life.DeviceCode,
    RefreshToken: () => life.RefreshToken,
    IdToken: 3600, Grant: 86400, Interaction: 600, Session: 600, AuthorizationCode: 60,
  },
  routes: { token: '/token', device_authorization: '/devicecode', authorization: '/authorize' },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  cookies: { keys: ['a key of the tests'] },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: `sub of ${id}`, preferred_username: id, tid: id.endsWith('@outlook.example') ? PERSONAL : 'a tenant' }),
  }),
});
provider.on('grant.success', (ctx) => {
  counts.token += 1;
  if (ctx.oidc.params.grant_type === 'refresh_token') counts.refreshed += 1;
});
provider.on('grant.error', () => { counts.refused += 1; });

const granted = async (account, asked) => {
  const grant = new provider.Grant({ accountId: account, clientId });
  const wanted = asked.split(' ').filter(Boolean);
  const some = wanted.filter((scope) => !scope.startsWith(GRAPH) || !owner.scopes || owner.scopes.includes(scope));
  grant.addOIDCScope(some.join(' '));
  const refused = wanted.filter((scope) => !some.includes(scope));
  if (refused.length) grant.rejectOIDCScope(refused.join(' '));
  const id = await grant.save(86400);
  grants.set(account, [...(grants.get(account) ?? []), id]);
  return id;
};

const interact = async (req, res) => {
  const { params } = await provider.interactionDetails(req, res);
  if (owner.answer !== 'accept') {
    const [error, description] = owner.answer.split('|');
    return provider.interactionFinished(req, res, { error, error_description: description });
  }
  const account = owner.account || params.login_hint;
  const grantId = await granted(account, params.scope);
  return provider.interactionFinished(req, res, { login: { accountId: account }, consent: { grantId } });
};

const pending = (code) => provider.DeviceCode.findByUserCode(code.replace(/[^A-Z0-9]/gi, '').toUpperCase(), { ignoreExpiration: true });

const tests = {
  as: async (told) => { Object.assign(owner, { account: '', answer: 'accept', scopes: null }, told); },
  life: async (told) => { Object.assign(life, told); },
  counts: async () => counts,
  approve: async ({ code, account }) => {
    const device = await pending(code);
    Object.assign(device, {
      accountId: account, authTime: Math.floor(Date.now() / 1000), grantId: await granted(account, device.params.scope),
      scope: device.params.scope, claims: {}, sessionUid: 'none', expiresWithSession: false,
    });
    await device.save(600);
  },
  deny: async ({ code, error, description }) => {
    const device = await pending(code);
    Object.assign(device, { error, errorDescription: description });
    await device.save(600);
  },
  revoke: async ({ account }) => {
    for (const id of grants.get(account) ?? []) {
      await Promise.all([provider.AccessToken, provider.RefreshToken].map((model) => model.revokeByGrantId(id)));
      await (await provider.Grant.find(id))?.destroy();
    }
  },
};

const oauth = provider.callback();
const say = (res, status, told) => {
  res.writeHead(status, { 'content-type': 'application/json' });
  res.end(JSON.stringify(told ?? {}));
};

https.createServer({ cert: fs.readFileSync(certificate), key: fs.readFileSync(key) }, async (req, res) => {
  try {
    if (req.url.startsWith('/interaction/')) return await interact(req, res);
    if (req.url.startsWith('/test/')) {
      let body = '';
      for await (const piece of req) body += piece;
      return say(res, 200, await tests[req.url.slice('/test/'.length)](JSON.parse(body || '{}')));
    }
    if (req.url.startsWith('/v1.0/')) { // a Graph that knows nothing but whether the sign-in holds
      const token = await provider.AccessToken.find((req.headers.authorization ?? '').replace('Bearer ', ''));
      if (token?.isValid) return say(res, 200, { account: token.accountId, value: [] });
      return say(res, 401, { error: { code: 'InvalidAuthenticationToken', message: 'The access token is over.' } });
    }
    req.originalUrl = req.url;
    req.url = req.url.replace(MOUNT, '');
    return await oauth(req, res);
  } catch (error) {
    console.error(error);
    return say(res, 500, { error: String(error) });
  }
}).listen(Number(port), '127.0.0.1', () => console.log('ready'));
